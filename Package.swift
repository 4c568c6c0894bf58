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
    .executable(name: "rollbook", targets: ["RollbookLight"]),
    .executable(name: "rollbook-keeper", targets: ["RollbookKeeper"]),
  ],
  traits: [
    .trait(
      name: "CommandLine",
      description: "The rollbook command; without it no other package is resolved."),
    .default(enabledTraits: ["CommandLine"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
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
      name: "RollbookEndToEndTests", dependencies: ["RollbookLight", "RollbookKeeper"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
