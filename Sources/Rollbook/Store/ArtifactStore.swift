internal import Glibc

/// The code of all versions, each kept once, under its digest: `artifacts/<sha256>`.
///
/// An artifact is a file or a folder. Whether it can be run is for its runtime to say, before it is
/// stored (`RuntimeAdapter.check`) and when it is deployed: a version that cannot is a version all
/// the same.
package struct ArtifactStore: Sendable {
  private let home: String
  private let folder: String

  package init(_ home: Home) {
    self.home = home.path
    folder = home.artifacts
  }

  /// Where the artifact with this digest is.
  package func path(of digest: String) -> String { "\(folder)/\(digest)" }

  /// Copies code into the store, durably; code that is there already is left as it is.
  ///
  /// - Parameter path: the file or folder as the user gave it; a link is followed.
  /// - Returns: the digest under which it is kept.
  /// - Throws: `artifactUnusable` where there is no such code, `system` where it cannot be copied,
  ///   `diskFull`, `diskFailed` or `journalReadOnly` where the home cannot hold it.
  package func store(_ path: String) throws(RollbookError) -> String {
    let source = try ArtifactStore.resolved(path)
    try checkApart(source, path)
    let partial = "\(folder)/.\(GenerationToken.random()).tmp"
    do throws(RollbookError) {
      try ofHome { () throws(RollbookError) in
        try Files.makeFolder(folder)
        guard unsafe access(folder, W_OK) == 0 else { throw Files.failure("write to", folder) }
      }
      try copy(source, to: partial)
      return try ofHome { () throws(RollbookError) in
        let digest = try FileTree.facts(of: partial, syncing: true).digest
        try publish(partial, as: digest)
        return digest
      }
    } catch {
      try? FileTree.remove(partial)
      throw error
    }
  }

  /// Stores what stands for no code: an empty file.
  package func storeNothing() throws(RollbookError) -> String {
    let partial = "\(folder)/.\(GenerationToken.random()).tmp"
    return try ofHome { () throws(RollbookError) in
      try Files.makeFolder(folder)
      try Files.write([], to: partial)
      let digest = try FileTree.facts(of: partial, syncing: true).digest
      try publish(partial, as: digest)
      return digest
    }
  }

  /// What is wrong with the code itself is not the home's trouble.
  private func copy(_ source: String, to partial: String) throws(RollbookError) {
    do throws(RollbookError) {
      try FileTree.copy(source, to: partial, endpoints: .refused)
    } catch {
      throw error.isAboutWriting ? error.ofHome() : error
    }
  }

  private func ofHome<Value>(
    _ work: () throws(RollbookError) -> Value
  ) throws(RollbookError) -> Value {
    do throws(RollbookError) { return try work() } catch { throw error.ofHome() }
  }

  /// Removes an artifact that nobody needs: at once it is none any more, whenever its bytes are gone.
  package func remove(_ digest: String) throws(RollbookError) {
    let removed = "\(folder)/.\(digest).removed"
    try FileTree.remove(removed)
    try Files.rename(path(of: digest), to: removed)
    try Files.syncFolder(folder)
    try FileTree.remove(removed)
  }

  /// Removes what is not whole: for whoever knows that nobody stores or removes anything now.
  package func removePartial() throws(RollbookError) {
    let real = Files.realPath(folder) ?? folder
    for name in try Files.names(in: real)
    where name.hasPrefix(".") && (name.hasSuffix(".tmp") || name.hasSuffix(".removed")) {
      try FileTree.remove("\(folder)/\(name)")
    }
  }

  /// Checks that an artifact's bytes are there and are what they were.
  ///
  /// - Throws: `artifactUnusable` where they are not.
  package func verify(_ digest: String) throws(RollbookError) {
    let kept = path(of: digest)
    guard Files.exists(kept) else {
      throw RollbookError(
        .artifactUnusable, "the artifact \(digest) is not in \(folder)",
        hint: "Deploy the code again with `rollbook update NAME --code PATH`.")
    }
    guard try FileTree.facts(of: kept).digest == digest else {
      throw RollbookError(
        .artifactUnusable, "the artifact \(kept) is not what was stored",
        hint: "Remove it, and store the same code again with `rollbook update NAME --code PATH`.")
    }
  }

  /// The real path of a program: a file, or a folder with a `run`.
  ///
  /// - Throws: `artifactUnusable`, with what to do.
  package static func usable(_ path: String) throws(RollbookError) -> String {
    let real = try resolved(path)
    if Files.isFile(real) { return real }
    guard Files.isFolder(real) else {
      throw RollbookError(
        .artifactUnusable, "the code \(path) is neither a file nor a folder",
        hint: "Name an executable file, or a folder with an executable named `run`.")
    }
    let hint = "Put an executable named `run` into it, which starts the program."
    guard let run = Files.realPath(real + "/run") else {
      throw RollbookError(.artifactUnusable, "the folder \(path) has no `run`", hint: hint)
    }
    guard Files.isFile(run) else {
      throw RollbookError(
        .artifactUnusable, "the `run` in the folder \(path) is not a file", hint: hint)
    }
    return real
  }

  /// Refuses code that would be copied into itself.
  private func checkApart(_ source: String, _ path: String) throws(RollbookError) {
    let place = Files.realPath(home) ?? home
    guard Files.isFolder(source), place == source || Files.isBelow(place, source) else { return }
    throw RollbookError(
      .artifactUnusable, "the code \(path) contains the home \(home), into which it is copied",
      hint: "Name a folder that holds nothing but the program, or another home (--home).")
  }

  /// The real path of code.
  ///
  /// - Throws: `artifactUnusable` where there is none.
  private static func resolved(_ path: String) throws(RollbookError) -> String {
    guard let resolved = Files.realPath(path) else {
      throw RollbookError(
        .artifactUnusable, "the code \(path) cannot be read: \(Files.errorText(errno))",
        hint: "Name a file or a folder that is there.")
    }
    return resolved
  }

  private func publish(_ partial: String, as digest: String) throws(RollbookError) {
    let kept = path(of: digest)
    if !Files.exists(kept) {
      do throws(RollbookError) {
        try Files.rename(partial, to: kept)
      } catch {
        // Somebody else stored the same bytes first.
        guard Files.exists(kept) else { throw error }
      }
    }
    try Files.syncFolder(folder)
    try FileTree.remove(partial)
  }
}
