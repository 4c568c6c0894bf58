internal import Rollbook

/// A group of properties as the managed service gives them to its applications, in a file.
///
/// Source: the service's runtime library, which reads application_properties.json.
struct PropertyGroup: Encodable {
  let id: String
  let properties: [String: String]

  private enum CodingKeys: String, CodingKey {
    case id = "PropertyGroupId"
    case properties = "PropertyMap"
  }

  /// The groups of a version, in the order of their names.
  static func all(of configuration: VersionConfiguration) -> [PropertyGroup] {
    (configuration.propertyGroups ?? [:]).sorted { $0.key < $1.key }
      .map { PropertyGroup(id: $0.key, properties: $0.value) }
  }
}
