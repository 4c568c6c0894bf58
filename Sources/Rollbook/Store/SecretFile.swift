internal import Glibc

/// The value of a secret property, read from the file that its reference names.
package enum SecretFile {
  /// The longest value, in bytes: what the system takes as one string of an environment.
  package static let limit = 100_000

  /// The file's text without the newline at its end.
  ///
  /// - Throws: `invalidArgument` where it cannot be read, is longer than `limit` or holds a NUL.
  package static func value(at path: String) throws(RollbookError) -> String {
    let bytes: [UInt8]?
    do throws(RollbookError) {
      bytes = try Files.read(path, limit: limit + 1)
    } catch {
      throw RollbookError(.invalidArgument, "the secret's file: \(error.message)")
    }
    guard var bytes else {
      throw RollbookError(.invalidArgument, "there is no file \(path) to read the secret from")
    }
    if bytes.last == 0x0a { bytes.removeLast() }
    if bytes.last == 0x0d { bytes.removeLast() }
    guard bytes.count <= limit, !bytes.contains(0),
      let text = String(validating: bytes, as: UTF8.self)
    else {
      throw RollbookError(
        .invalidArgument,
        "the file \(path) holds no secret: it is not text, or is longer than \(limit) bytes")
    }
    return text
  }

  /// The same of an ordinary file; nil where it cannot be read, or is a pipe, which might never answer.
  package static func valueOfFile(at path: String) -> String? {
    var facts = stat()
    guard unsafe stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    return try? value(at: path)
  }

  /// What a version keeps of a secret: where it is, and the digest of its value.
  package static func reference(to path: String) throws(RollbookError) -> SecretReference {
    SecretReference(path: path, digest: SHA256.hexDigest(of: Array(try value(at: path).utf8)))
  }
}

/// The values of secret properties, by name; no text of it shows them.
public struct Secrets: Sendable, CustomStringConvertible, CustomReflectable {
  public let values: [String: String]

  public init(_ values: [String: String] = [:]) { self.values = values }

  /// Reads the values of a version's secret properties.
  ///
  /// - Throws: `secretUnusable`: which it is, and why.
  package init(of configuration: VersionConfiguration) throws(RollbookError) {
    var values: [String: String] = [:]
    for (name, secret) in configuration.secretProperties {
      do throws(RollbookError) {
        values[name] = try SecretFile.value(at: secret.path)
      } catch {
        throw RollbookError(.secretUnusable, "secret property \(name): \(error.message)")
      }
    }
    self.values = values
  }

  /// The digests of the values, by name; nil where there are none.
  package var digests: [String: String]? {
    values.isEmpty ? nil : values.mapValues { SHA256.hexDigest(of: Array($0.utf8)) }
  }

  public var description: String { "\(values.count) secrets" }
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension VersionConfiguration {
  /// The same, with the digests of the values that its secrets' files hold now.
  ///
  /// - Throws: `secretUnusable` where one cannot be read: which it is, and what to do.
  package func readingSecrets() throws(RollbookError) -> VersionConfiguration {
    var new = self
    for (name, secret) in secretProperties {
      new.secretProperties[name] = try secret.read("property \(name)")
    }
    for (name, secret) in clusterHeaders ?? [:] {
      new.clusterHeaders?[name] = try secret.read("header \(name)")
    }
    return new
  }

  /// The same, with the digests of those values that can be read.
  package func readingWhatSecretsItCan() -> VersionConfiguration {
    var new = self
    new.secretProperties = secretProperties.mapValues { (try? $0.read("")) ?? $0 }
    new.clusterHeaders = clusterHeaders?.mapValues { (try? $0.read("")) ?? $0 }
    return new
  }
}

extension SecretReference {
  fileprivate func read(_ name: String) throws(RollbookError) -> SecretReference {
    do throws(RollbookError) {
      return try SecretFile.reference(to: path)
    } catch {
      throw RollbookError(
        .secretUnusable, "The secret \(name) cannot be read: \(error.message).",
        hint: "Nothing was stopped. Put its value into \(path), or name another file by an update.")
    }
  }
}
