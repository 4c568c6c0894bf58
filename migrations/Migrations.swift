/// The journal's schema as ordered SQL scripts, carried in the binary.
///
/// Nothing counts as released before 0.1.0; after that a released script never changes.
public enum Migrations {
  /// One script: its number, its name, its bytes.
  public struct Script: Sendable {
    public let version: Int
    public let name: String
    public let bytes: [UInt8]
  }

  /// Every script, in the order in which they are applied.
  public static let all: [Script] = [
    Script(version: 1, name: "journal", bytes: PackageResources.V0001__journal_sql),
    Script(version: 2, name: "append_only", bytes: PackageResources.V0002__append_only_sql),
    Script(version: 3, name: "views", bytes: PackageResources.V0003__views_sql),
  ]
}
