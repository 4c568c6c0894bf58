/// The SHA-256 of FIPS 180-4, computed as the bytes come.
///
/// The dependency-free products need this one primitive; signatures use a cryptography package.
package struct SHA256: Sendable {
  private var state: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (
    0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a,
    0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
  )
  /// Bytes of a block that is not complete yet; always fewer than 64.
  private var pending: [UInt8] = []
  private var byteCount: UInt64 = 0

  package init() { pending.reserveCapacity(64) }

  /// The digest of bytes that are all there, as 64 hexadecimal digits.
  package static func hexDigest(of bytes: [UInt8]) -> String {
    var hash = SHA256()
    hash.update(bytes)
    return hash.hexDigest()
  }

  package mutating func update(_ bytes: [UInt8]) {
    unsafe bytes.withUnsafeBytes { unsafe update($0) }
  }

  package mutating func update(_ bytes: UnsafeRawBufferPointer) {
    byteCount &+= UInt64(bytes.count)
    var rest = unsafe bytes[...]
    if !pending.isEmpty {
      let missing = unsafe rest.prefix(64 - pending.count)
      unsafe pending.append(contentsOf: missing)
      unsafe rest = rest.dropFirst(missing.count)
      guard pending.count == 64 else { return }
      let block = pending
      unsafe block.withUnsafeBytes { unsafe compress($0) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = unsafe rest.count & ~63
    if whole > 0 { unsafe compress(UnsafeRawBufferPointer(rebasing: rest.prefix(whole))) }
    unsafe pending.append(contentsOf: rest.dropFirst(whole))
  }

  /// The digest of all bytes so far, as 64 hexadecimal digits; more bytes can follow.
  package func hexDigest() -> String {
    var last = self
    var padding: [UInt8] = [0x80]
    let filled = (pending.count + 1) & 63
    padding += [UInt8](repeating: 0, count: (filled <= 56 ? 56 : 120) - filled)
    let bitCount = byteCount &* 8
    padding += (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> (56 - 8 * $0)) }
    last.update(padding)
    let s = last.state
    let words = [s.0, s.1, s.2, s.3, s.4, s.5, s.6, s.7]
    return Hex.encode(
      words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (24 - 8 * $0)) } })
  }

  /// Takes whole blocks of 64 bytes.
  private mutating func compress(_ blocks: UnsafeRawBufferPointer) {
    unsafe withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 64) { w in
      unsafe roundConstants.withUnsafeBufferPointer { k in
        for offset in stride(from: 0, to: blocks.count, by: 64) {
          for i in 0..<16 {
            let word = unsafe blocks.loadUnaligned(fromByteOffset: offset + 4 * i, as: UInt32.self)
            unsafe w[i] = UInt32(bigEndian: word)
          }
          unsafe Self.expand(w)
          unsafe Self.round(&state, w, k)
        }
      }
    }
  }

  @inline(__always)
  private static func expand(_ w: UnsafeMutableBufferPointer<UInt32>) {
    for i in 16..<64 {
      let a = unsafe w[i - 15]
      let b = unsafe w[i - 2]
      let s0 = rotate(a, 7) ^ rotate(a, 18) ^ (a >> 3)
      let s1 = rotate(b, 17) ^ rotate(b, 19) ^ (b >> 10)
      unsafe w[i] = w[i - 16] &+ s0 &+ w[i - 7] &+ s1
    }
  }

  @inline(__always)
  private static func round(
    _ state: inout (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32),
    _ w: UnsafeMutableBufferPointer<UInt32>, _ k: UnsafeBufferPointer<UInt32>
  ) {
    var (a, b, c, d, e, f, g, h) = state
    for i in stride(from: 0, to: 64, by: 8) {
      unsafe step(a, b, c, &d, e, f, g, &h, k[i] &+ w[i])
      unsafe step(h, a, b, &c, d, e, f, &g, k[i + 1] &+ w[i + 1])
      unsafe step(g, h, a, &b, c, d, e, &f, k[i + 2] &+ w[i + 2])
      unsafe step(f, g, h, &a, b, c, d, &e, k[i + 3] &+ w[i + 3])
      unsafe step(e, f, g, &h, a, b, c, &d, k[i + 4] &+ w[i + 4])
      unsafe step(d, e, f, &g, h, a, b, &c, k[i + 5] &+ w[i + 5])
      unsafe step(c, d, e, &f, g, h, a, &b, k[i + 6] &+ w[i + 6])
      unsafe step(b, c, d, &e, f, g, h, &a, k[i + 7] &+ w[i + 7])
    }
    state.0 &+= a
    state.1 &+= b
    state.2 &+= c
    state.3 &+= d
    state.4 &+= e
    state.5 &+= f
    state.6 &+= g
    state.7 &+= h
  }

  /// One round; the eight of a turn rename the variables instead of moving their values.
  @inline(__always)
  private static func step(
    _ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: inout UInt32, _ e: UInt32, _ f: UInt32,
    _ g: UInt32, _ h: inout UInt32, _ input: UInt32
  ) {
    let s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    let t1 = h &+ s1 &+ (g ^ (e & (f ^ g))) &+ input
    let s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    d &+= t1
    h = t1 &+ s0 &+ ((a & b) | (c & (a | b)))
  }

  @inline(__always)
  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 {
    (word >> count) | (word << (32 - count))
  }
}

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
private let roundConstants: [UInt32] = [
  0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4,
  0xab1c_5ed5, 0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe,
  0x9bdc_06a7, 0xc19b_f174, 0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f,
  0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da, 0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7,
  0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967, 0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc,
  0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85, 0xa2bf_e8a1, 0xa81a_664b,
  0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070, 0x19a4_c116,
  0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
  0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7,
  0xc671_78f2,
]
