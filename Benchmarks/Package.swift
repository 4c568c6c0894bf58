// swift-tools-version: 6.2

import PackageDescription

let package = Package(
  name: "rollbook-benchmarks",
  dependencies: [.package(name: "rollbook", path: "..", traits: [])],
  targets: [
    .target(name: "CBaseline", linkerSettings: [.linkedLibrary("sqlite3")]),
    .executableTarget(name: "PeakMemory"),
    .executableTarget(
      name: "JournalBenchmark",
      dependencies: [
        "CBaseline", .product(name: "Rollbook", package: "rollbook"),
        .product(name: "RollbookTesting", package: "rollbook"),
      ],
      swiftSettings: [
        .treatAllWarnings(as: .error),
        .strictMemorySafety(),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
