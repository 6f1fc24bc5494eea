import CanonicalJSON
import Homeserver
import Logging
import MatrixProtocol
import ServerConfiguration
import Store

/// The databases of a server for the commands that look into them: asked of the server if it runs, or else opened in its directory.
struct DatabaseAccess {
    private let server: ServerAccess
    private let blockCacheBytes: Int

    /// - Throws: `StoreError` when there is no data directory, or when another process uses it that has no control socket.
    init(to configuration: Configuration) throws {
        server = try ServerAccess(to: configuration)
        blockCacheBytes = configuration.store.blockCache.bytes
    }

    /// Which entries of a map are asked for.
    struct Scan {
        var map: String
        var prefix: String?
        var database: String?
        /// The most entries; nil for all.
        var limit: Int?
        var reverse: Bool
    }

    /// How the databases and their maps are doing; see `StoreInspection.statistics`.
    func statistics() async throws -> JSONObject {
        switch server {
        case .running(let client): try await client.ask("db/stats")
        case .stopped(let directory): try reading(directory) { try $0.statistics() }
        }
    }

    /// One entry; see `StoreInspection.get`.
    func get(map: String, key: String, database: String?) async throws -> JSONObject {
        switch server {
        case .running(let client): try await client.ask("db/get", Self.object(["map": map, "key": key, "database": database]))
        case .stopped(let directory): try reading(directory) { try $0.get(map: map, key: key, database: database) }
        }
    }

    /// Gives the entries to `body`, one after the other; see `StoreInspection.scan`.
    func scan(_ scan: Scan, _ body: (JSONObject) -> Void) async throws {
        switch server {
        case .running(let client):
            try await pages(of: scan, body) { next, limit in
                var parameters = Self.object(["map": scan.map, "prefix": scan.prefix, "next": next, "database": scan.database])
                parameters["reverse"] = .bool(scan.reverse)
                parameters["limit"] = .integer(Int64(limit))
                return try await client.ask("db/scan", parameters)
            }
        case .stopped(let directory):
            let inspection = try reading(directory) { $0 }
            try await pages(of: scan, body) { next, limit in
                try Self.telling {
                    try inspection.scan(
                        map: scan.map, prefix: scan.prefix, next: next, limit: limit, reverse: scan.reverse, database: scan.database)
                }
            }
            withExtendedLifetime(directory) {}
        }
    }

    /// Merges tables; see `StoreInspection.compact`.
    func compact(map: String?, database: String?) async throws -> JSONObject {
        switch server {
        case .running(let client):
            return try await client.ask("db/compact", Self.object(["map": map, "database": database]))
        case .stopped(let directory):
            OpenFileLimit.raise(logger: Logger(label: "martlet"))
            return try Self.telling {
                try StoreInspection.open(directory, blockCacheBytes: blockCacheBytes, environment: .system()) {
                    try $0.compact(map: map, database: database)
                }
            }
        }
    }

    /// Takes page after page until there are no more, or enough entries.
    private func pages(
        of scan: Scan, _ body: (JSONObject) -> Void, _ page: (_ next: String?, _ limit: Int) async throws -> JSONObject
    ) async throws {
        var left = scan.limit ?? Int(Int32.max)
        var next: String?
        repeat {
            let answer = try await page(next, left)
            let entries = answer["entries"]?.arrayValue ?? []
            for entry in entries { entry.objectValue.map(body) }
            left -= entries.count
            next = answer["next"]?.stringValue
        } while next != nil && left > 0
    }

    private func reading<Result>(_ directory: DataDirectory, _ body: (StoreInspection) throws -> Result) throws -> Result {
        defer { withExtendedLifetime(directory) {} }
        return try Self.telling { try body(try StoreInspection(stopped: directory, blockCacheBytes: blockCacheBytes)) }
    }

    /// Gives an error that says what is wrong the form in which a command prints it.
    private static func telling<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let error as MatrixError { throw ControlError(description: error.message) }
    }

    private static func object(_ members: KeyValuePairs<String, String?>) -> JSONObject {
        members.reduce(into: JSONObject()) { object, member in object[member.key] = member.value.map { .string($0) } }
    }
}
