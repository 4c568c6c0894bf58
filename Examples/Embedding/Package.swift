// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
  name: "Embedding",
  dependencies: [
    // Elsewhere: .package(url: "…/rollbook", from: "…", traits: []). Without its default traits
    // Rollbook is one package and the system's libsqlite3.
    .package(name: "rollbook", path: "../..", traits: [])
  ],
  targets: [
    .target(
      name: "SiteRuntime", dependencies: [.product(name: "Rollbook", package: "rollbook")],
      swiftSettings: strict),
    .executableTarget(
      name: "sitepublish",
      dependencies: ["SiteRuntime", .product(name: "Rollbook", package: "rollbook")],
      swiftSettings: strict),
    .testTarget(
      name: "SiteRuntimeTests",
      dependencies: [
        "SiteRuntime", .product(name: "Rollbook", package: "rollbook"),
        .product(name: "RollbookTesting", package: "rollbook"),
      ],
      swiftSettings: strict),
  ]
)
