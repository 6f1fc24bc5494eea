import CanonicalJSON
import TestSupport
import Testing

/// Synapse's own functions, called in a Python environment.
enum Synapse {
    private static let requirement = "matrix-synapse==1.163.2"

    /// The events' hashes, IDs and redacted forms; see synapse_events.py.
    static func events(_ requests: [JSONValue]) throws -> [JSONValue] {
        try run("Tests/MatrixProtocolTests/synapse_events.py", .array(requests))
    }

    /// The resolved states of rooms; see synapse_resolution.py, which martlet-bench uses too.
    static func resolve(_ rooms: [JSONValue]) throws -> [JSONValue] {
        try run("Sources/martlet-bench/Resolution/synapse_resolution.py", ["rooms": .array(rooms)])
    }

    private static func run(_ script: String, _ input: JSONValue) throws -> [JSONValue] {
        let python = try PythonEnvironment.python(with: [requirement])
        let result = try PythonEnvironment.run(
            [python, "\(Repository.path)/\(script)"], input: String(decoding: input.encoded(), as: UTF8.self))
        try #require(result.status == 0, "\(result.stderr)")
        return try #require(try JSONValue(parsing: Array(result.stdout.utf8)).arrayValue)
    }
}
