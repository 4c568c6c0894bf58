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
    .default(enabledTraits: ["CommandLine", "Flink"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
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
    .executableTarget(
      name: "RollbookFull", dependencies: ["RollbookCommands", "RollbookFlink"],
      swiftSettings: strict),
    .executableTarget(
      name: "RollbookLight", dependencies: ["RollbookCommands"], swiftSettings: strict),
    .executableTarget(
      name: "RollbookKeeper", dependencies: ["RollbookProcess"], swiftSettings: strict),
    .testTarget(
      name: "RollbookTests", dependencies: ["Rollbook", "RollbookTesting", "RollbookSQLite"],
      swiftSettings: strict),
    .testTarget(
      name: "RollbookStoreTests", dependencies: ["Rollbook"], swiftSettings: strict),
    .testTarget(
      name: "RollbookProcessTests",
      dependencies: ["RollbookProcess", "RollbookKeeper", "RollbookTesting"],
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
      name: "RollbookEndToEndTests",
      dependencies: [
        "RollbookLight", "RollbookFull", "RollbookKeeper", "RollbookFlink", "RollbookTesting",
      ],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
