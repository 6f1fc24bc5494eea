// swift-tools-version: 6.1
import PackageDescription

// The modules from the bottom to the top; each depends only on those above it in this list.
let package = Package(
    name: "martlet",
    products: [
        .executable(name: "martlet", targets: ["martlet"]),
        .executable(name: "martlet-bench", targets: ["martlet-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CRocksDB"),
        .systemLibrary(name: "CArgon2"),
        .systemLibrary(name: "CMalloc"),
        .target(name: "CRocksDBCreation", dependencies: ["CRocksDB"]),
        .target(name: "RocksDB", dependencies: ["CRocksDB", "CRocksDBCreation"]),
        .target(name: "Argon2", dependencies: ["CArgon2"]),
        .target(name: "CanonicalJSON"),
        .target(name: "CBOR"),
        .target(name: "StreamsDemo", path: "Resources/StreamsDemo", resources: [.embedInCode("canvas.html")]),
        .target(
            name: "MatrixProtocol",
            dependencies: ["CanonicalJSON", .product(name: "Crypto", package: "swift-crypto")]),
        .target(name: "Store", dependencies: ["RocksDB"]),
        .target(name: "StoredIdentifiers", dependencies: ["MatrixProtocol", "Store"]),
        .target(
            name: "RoomsDatabase",
            dependencies: [
                "CanonicalJSON", "MatrixProtocol", "RocksDB", "Store", "StoredIdentifiers",
                .product(name: "Crypto", package: "swift-crypto"),
            ]),
        .target(name: "AccountsDatabase", dependencies: ["CanonicalJSON", "MatrixProtocol", "RocksDB", "Store", "StoredIdentifiers"]),
        .target(name: "TransitoryDatabase", dependencies: ["MatrixProtocol", "RocksDB", "Store", "StoredIdentifiers"]),
        .target(
            name: "Homeserver",
            dependencies: [
                "AccountsDatabase", "Argon2", "CBOR", "CanonicalJSON", "MatrixProtocol", "RocksDB", "RoomsDatabase", "Store",
                "StoredIdentifiers", "TransitoryDatabase",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]),
        .target(name: "EventLoopExecutor", dependencies: [.product(name: "NIOCore", package: "swift-nio")]),
        .target(
            name: "HTTPAPI",
            dependencies: [
                "CanonicalJSON", "EventLoopExecutor", "Homeserver", "MatrixProtocol", "Store", "StreamsDemo", "TransitoryDatabase",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HummingbirdTLS", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .target(
            name: "OutgoingRequests",
            dependencies: [
                "Store",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(
            name: "SMTP",
            dependencies: [
                "MatrixProtocol", "Store",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        .target(name: "ServerConfiguration", dependencies: ["MatrixProtocol", .product(name: "Yams", package: "Yams")]),
        .executableTarget(
            name: "martlet",
            dependencies: [
                "CMalloc", "CanonicalJSON", "HTTPAPI", "Homeserver", "MatrixProtocol", "OutgoingRequests", "SMTP", "ServerConfiguration",
                "Store",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]),
        .executableTarget(
            name: "martlet-bench",
            dependencies: [
                "CanonicalJSON", "EventLoopExecutor", "Homeserver", "MatrixProtocol", "RocksDB", "RoomsDatabase", "Store",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Histogram", package: "hdrhistogram-swift"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
            ],
            resources: [.embedInCode("Resolution/synapse_resolution.py")]),
        .executableTarget(
            name: "TransitoryWriter", dependencies: ["MatrixProtocol", "RocksDB", "Store", "TransitoryDatabase"],
            path: "Tests/TransitoryWriter"),
        .target(name: "TestSupport", dependencies: ["CanonicalJSON"], path: "Tests/Support", exclude: ["mail_server.py"]),
        .target(name: "StoreTestSupport", dependencies: ["Store", "TestSupport"], path: "Tests/StoreSupport"),
        .target(name: "CFaultyDisk", path: "Tests/CFaultyDisk"),
        .target(name: "FaultyDisk", dependencies: ["CFaultyDisk"], path: "Tests/FaultyDisk"),
        .target(
            name: "StoreSimulation", dependencies: ["FaultyDisk", "RocksDB", "Store", "StoreTestSupport", "TestSupport"],
            path: "Tests/StoreSimulation"),
        .executableTarget(name: "store-simulation", dependencies: ["Store", "StoreSimulation"], path: "Tests/StoreSimulationCommand"),
        .testTarget(name: "CanonicalJSONTests", dependencies: ["CanonicalJSON", "TestSupport"], exclude: ["python_json.py"]),
        .testTarget(name: "CBORTests", dependencies: ["CBOR", "TestSupport"]),
        .testTarget(name: "RocksDBTests", dependencies: ["RocksDB", "TestSupport"]),
        .testTarget(name: "FaultyDiskTests", dependencies: ["FaultyDisk", "RocksDB", "TestSupport"]),
        .testTarget(name: "StoreTests", dependencies: ["FaultyDisk", "RocksDB", "Store", "StoreTestSupport", "TestSupport"]),
        .testTarget(name: "StoreSimulationTests", dependencies: ["Store", "StoreSimulation", "TestSupport"]),
        .testTarget(
            name: "MatrixProtocolTests", dependencies: ["CanonicalJSON", "MatrixProtocol", "TestSupport"], exclude: ["synapse_events.py"]),
        .testTarget(name: "ServerConfigurationTests", dependencies: ["ServerConfiguration"]),
        .testTarget(
            name: "RoomsDatabaseTests",
            dependencies: [
                "CanonicalJSON", "MatrixProtocol", "RocksDB", "RoomsDatabase", "Store", "StoreTestSupport", "StoredIdentifiers",
                "TestSupport",
            ]),
        .testTarget(
            name: "TransitoryDatabaseTests",
            dependencies: ["MatrixProtocol", "RocksDB", "Store", "StoreTestSupport", "TestSupport", "TransitoryDatabase"]),
        .testTarget(
            name: "HomeserverTests",
            dependencies: [
                "AccountsDatabase", "Argon2", "CBOR", "CanonicalJSON", "Homeserver", "MatrixProtocol", "RocksDB", "RoomsDatabase",
                "Store", "StoreTestSupport", "StoredIdentifiers", "TestSupport", "TransitoryDatabase",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "CryptoExtras", package: "swift-crypto"),
            ]),
        .testTarget(
            name: "HTTPAPITests",
            dependencies: [
                "CanonicalJSON", "HTTPAPI", "Homeserver", "MatrixProtocol", "OutgoingRequests", "SMTP", "Store", "TestSupport",
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ]),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "CanonicalJSON", "TestSupport",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            exclude: ["slow_fsync.c"]),
        .testTarget(
            name: "InteropTests", dependencies: ["TestSupport"],
            exclude: ["nio_chat.py", "nio_encryption.py", "nio_endpoints.py", "nio_support.py", "streams.py", "streams_demo.py"]),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
