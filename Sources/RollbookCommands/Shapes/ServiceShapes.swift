#if CommandLine
internal import Rollbook

extension ServiceSettings {
  /// What the AWS API was told, as `diff` lists it.
  var listed: [(String, String?)] {
    var all: [(String, String?)] = [
      ("execution role", executionRole),
      ("runtime environment asked for", runtimeEnvironment),
      ("code bucket", code?.bucket), ("code key", code?.key),
      ("code object version", code?.objectVersion),
      (
        "checkpoints",
        checkpoints.map {
          "\($0.configurationType), \($0.isEnabled ? "every \($0.intervalMilliseconds) ms" : "none")"
            + ", \($0.minPauseMilliseconds) ms apart"
        }
      ),
      (
        "monitoring",
        monitoring.map { "\($0.configurationType), \($0.metricsLevel), \($0.logLevel)" }
      ),
      (
        "parallelism settings",
        parallelism.map {
          "\($0.configurationType), \($0.perUnit) per KPU, "
            + ($0.isAutoScaled ? "scaled automatically" : "not scaled automatically")
        }
      ),
      (
        "encryption",
        encryption.map { [$0.keyType, $0.keyID].compactMap(\.self).joined(separator: " ") }
      ),
    ]
    for network in networks ?? [] {
      let groups = network.securityGroups.joined(separator: ",")
      all.append(
        ("VPC configuration \(network.id)", "\(network.subnets.joined(separator: ",")) \(groups)"))
    }
    for stream in logStreams ?? [] { all.append(("log stream \(stream.id)", stream.name)) }
    return all
  }
}
#endif
