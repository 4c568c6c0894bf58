// swift-tools-version: 6.2

import PackageDescription

/// Every target is built with the strictest settings that the language has.
let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .strictMemorySafety(),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
  name: "rollbook",
  products: [
    .library(name: "Rollbook", targets: ["Rollbook"]),
    .library(name: "RollbookProcess", targets: ["RollbookProcess"]),
    .library(name: "RollbookTesting", targets: ["RollbookTesting"]),
    .library(name: "RollbookFlink", targets: ["RollbookFlink"]),
    .executable(name: "rollbook", targets: ["RollbookLight"]),
    .executable(name: "rollbook-full", targets: ["RollbookFull"]),
    .executable(name: "rollbook-keeper", targets: ["RollbookKeeper"]),
  ],
  traits: [
    .trait(
      name: "CommandLine",
      description: "The rollbook command; without any trait no other package is resolved."),
    .trait(name: "Flink", description: "The runtime for Apache Flink, over its REST interface."),
    .trait(
      name: "Server", description: "The endpoint that the AWS command line and SDKs speak to."),
    .default(enabledTraits: ["CommandLine", "Flink", "Server"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .systemLibrary(
      name: "CRollbookSQLite",
      providers: [.apt(["libsqlite3-dev"]), .yum(["sqlite-devel"]), .brew(["sqlite"])]),
    .target(name: "RollbookSQLite", dependencies: ["CRollbookSQLite"], swiftSettings: strict),
    .target(
      name: "RollbookMigrations", path: "migrations",
      resources: [
        .embedInCode("V0001__journal.sql"),
        .embedInCode("V0002__append_only.sql"),
        .embedInCode("V0003__views.sql"),
      ],
      swiftSettings: strict),
    .target(
      name: "Rollbook", dependencies: ["RollbookSQLite", "RollbookMigrations"],
      swiftSettings: strict),
    .target(name: "RollbookTesting", dependencies: ["Rollbook"], swiftSettings: strict),
    .target(name: "CRollbookProcess"),
    .target(
      name: "RollbookProcess", dependencies: ["Rollbook", "CRollbookProcess"],
      swiftSettings: strict),
    .target(
      name: "RollbookCommands",
      dependencies: [
        "Rollbook", "RollbookProcess",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["CommandLine"])),
      ],
      swiftSettings: strict),
    .target(
      name: "RollbookFlink",
      dependencies: [
        "Rollbook",
        .product(
          name: "AsyncHTTPClient", package: "async-http-client",
          condition: .when(traits: ["Flink"])),
        .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Flink"])),
        .product(
          name: "NIOFoundationCompat", package: "swift-nio", condition: .when(traits: ["Flink"])),
        .product(name: "NIOHTTP1", package: "swift-nio", condition: .when(traits: ["Flink"])),
        .product(name: "NIOSSL", package: "swift-nio-ssl", condition: .when(traits: ["Flink"])),
      ],
      swiftSettings: strict),
    .systemLibrary(
      name: "CRollbookZlib",
      providers: [.apt(["zlib1g-dev"]), .yum(["zlib-devel"]), .brew(["zlib"])]),
    .target(
      name: "RollbookServer",
      dependencies: [
        "Rollbook", "CRollbookZlib",
        .product(name: "Crypto", package: "swift-crypto", condition: .when(traits: ["Server"])),
        .product(
          name: "HTTPTypes", package: "swift-http-types", condition: .when(traits: ["Server"])),
        .product(
          name: "Hummingbird", package: "hummingbird", condition: .when(traits: ["Server"])),
        .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Server"])),
        .product(name: "NIOCore", package: "swift-nio", condition: .when(traits: ["Server"])),
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle",
          condition: .when(traits: ["Server"])),
        .product(
          name: "UnixSignals", package: "swift-service-lifecycle",
          condition: .when(traits: ["Server"])),
      ],
      resources: [.embedInCode("Model/kinesisanalyticsv2.json")], swiftSettings: strict),
    .executableTarget(
      name: "RollbookFull",
      dependencies: [
        "Rollbook", "RollbookCommands", "RollbookFlink", "RollbookServer",
        .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Server"])),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "RollbookLight", dependencies: ["RollbookCommands"], swiftSettings: strict),
    .executableTarget(
      name: "RollbookKeeper", dependencies: ["RollbookProcess"], swiftSettings: strict),
    .target(
      name: "PowerLossSupport",
      dependencies: ["Rollbook", "RollbookTesting", "RollbookSQLite", "CRollbookSQLite"],
      path: "Tests/PowerLossSupport", swiftSettings: strict),
    .executableTarget(
      name: "CrowdWriter", dependencies: ["Rollbook"], path: "Tests/CrowdWriter",
      swiftSettings: strict),
    .testTarget(
      name: "RollbookTests",
      dependencies: [
        "Rollbook", "RollbookTesting", "RollbookSQLite", "PowerLossSupport", "CrowdWriter",
      ],
      exclude: ["Kept"], swiftSettings: strict),
    .testTarget(
      name: "RollbookStoreTests", dependencies: ["Rollbook"], swiftSettings: strict),
    .testTarget(
      name: "RollbookProcessTests",
      dependencies: [
        "RollbookProcess", "RollbookKeeper", "RollbookTesting", "PowerLossSupport",
        "RollbookSQLite",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RollbookCommandsTests",
      dependencies: [
        "RollbookCommands", "Rollbook",
        .product(
          name: "ArgumentParser", package: "swift-argument-parser",
          condition: .when(traits: ["CommandLine"])),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "RollbookServerTests",
      dependencies: [
        "RollbookServer", "Rollbook", "RollbookTesting",
        .product(name: "Logging", package: "swift-log", condition: .when(traits: ["Server"])),
      ],
      exclude: ["Fuzzing/main.swift"], swiftSettings: strict),
    .testTarget(
      name: "RollbookEndToEndTests",
      dependencies: [
        "RollbookLight", "RollbookFull", "RollbookKeeper", "RollbookFlink", "RollbookServer",
        "RollbookTesting",
      ],
      exclude: ["Server/clients"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// What `scripts/fuzz` builds: it sets the variable and links libFuzzer. The targets are the tests' own.
if Context.environment["ROLLBOOK_FUZZING"] == "1" {
  package.targets.removeAll { $0.name == "RollbookServerTests" }
  package.targets += [
    .systemLibrary(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
    .executableTarget(
      name: "rollbook-fuzz", dependencies: ["RollbookServer", "Rollbook", "CFuzzer"],
      path: "Tests/RollbookServerTests/Fuzzing", swiftSettings: strict),
  ]
}
