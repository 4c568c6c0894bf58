#if Server
internal import FoundationEssentials

/// The service's published model: which operations there are, and what their requests may hold.
///
/// Read from a table that `scripts/service-model` writes.
struct ServiceModel: Sendable, Decodable {
  /// What X-Amz-Target begins with.
  let target: String
  /// Each operation's request shape, by name.
  let operations: [String: String]
  let shapes: [String: Shape]

  struct Shape: Sendable, Decodable {
    enum Kind: String, Sendable, Decodable {
      case blob, boolean, integer, list, long, map, string, structure, timestamp
    }

    let type: Kind
    /// A length, a number's value, or a count.
    let min: Int64?
    let max: Int64?
    let pattern: String?
    let `enum`: [String]?
    /// The shapes of a structure's members, by name.
    let members: [String: String]?
    let required: [String]?
    /// The shape of a list's members.
    let member: String?
    /// The shapes of a map's keys and values.
    let key: String?
    let value: String?
  }

  static func load() throws -> ServiceModel {
    try JSONDecoder().decode(
      ServiceModel.self, from: Data(PackageResources.kinesisanalyticsv2_json))
  }

  /// A request brought to its types, and checked against its constraints.
  ///
  /// - Throws: `SerializationException`, `ValidationException`.
  func input(_ value: JSONValue, as shape: String) throws(WireError) -> JSONValue {
    let input = try RequestTypes(model: self).read(value, as: shape)
    try RequestConstraints(model: self).check(input, as: shape)
    return input
  }
}
#endif
