// swift-tools-version: 6.2

import PackageDescription

// A package of its own, so that the other benchmarks build without GRDB.
let package = Package(
  name: "rollbook-grdb-peer",
  dependencies: [.package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0")],
  targets: [
    .executableTarget(
      name: "GRDBPeer", dependencies: [.product(name: "GRDB", package: "GRDB.swift")])
  ],
  swiftLanguageModes: [.v6]
)
