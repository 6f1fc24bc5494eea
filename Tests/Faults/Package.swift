// swift-tools-version: 6.1
import PackageDescription

// The part of the package that the simulation of the store needs, so that a copy with a fault is built quickly and without anything from elsewhere.
let package = Package(
    name: "faults",
    targets: [
        .systemLibrary(name: "CRocksDB"),
        .target(name: "CRocksDBCreation", dependencies: ["CRocksDB"]),
        .target(name: "RocksDB", dependencies: ["CRocksDB", "CRocksDBCreation"]),
        .target(name: "CanonicalJSON"),
        .target(name: "Store", dependencies: ["RocksDB"]),
        .target(name: "TestSupport", dependencies: ["CanonicalJSON"], path: "Tests/Support"),
        .target(name: "StoreTestSupport", dependencies: ["Store", "TestSupport"], path: "Tests/StoreSupport"),
        .target(name: "CFaultyDisk", path: "Tests/CFaultyDisk"),
        .target(name: "FaultyDisk", dependencies: ["CFaultyDisk"], path: "Tests/FaultyDisk"),
        .target(
            name: "StoreSimulation", dependencies: ["FaultyDisk", "RocksDB", "Store", "StoreTestSupport", "TestSupport"],
            path: "Tests/StoreSimulation"),
        .executableTarget(name: "store-simulation", dependencies: ["Store", "StoreSimulation"], path: "Tests/StoreSimulationCommand"),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
