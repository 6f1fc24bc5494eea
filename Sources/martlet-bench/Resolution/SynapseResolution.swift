import CanonicalJSON
import Glibc

/// Synapse's resolver, run by a Python interpreter that has matrix-synapse.
struct SynapseResolution {
    /// What it answers for a room.
    struct Answer {
        /// The resolved state's events, as ascending indices into the room's events.
        let state: [Int]
        /// The fastest resolution.
        let seconds: Double
        /// How much of that was the search of auth chains, which Synapse leaves to its database.
        let chainSeconds: Double
    }

    /// Why there is no answer.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// The interpreter's path.
    let python: String

    func resolve(_ room: ForkedRoom, rounds: Int) throws -> Answer {
        let request: JSONObject = [
            "repeat": .integer(Int64(rounds)),
            "rooms": [
                [
                    "version": .string(room.version.id), "events": .array(room.events.map { .object($0.json) }),
                    "cases": [.array(room.states.map { .array($0.map { .integer(Int64($0.event.rawValue)) }) })],
                ]
            ],
        ]
        let answer = try JSONValue(parsing: try run(request.encoded())).arrayValue?.first?.objectValue
        guard let state = answer?["states"]?.arrayValue?.first?.arrayValue, let seconds = answer?["seconds"]?.arrayValue?.first?.arrayValue,
            case .double(let total)? = seconds.first, case .double(let chains)? = seconds.last
        else { throw Failure(description: "\(python) gave no resolved state") }
        return Answer(state: state.compactMap { $0.integerValue.map(Int.init) }, seconds: total, chainSeconds: chains)
    }

    /// What the script writes when it reads the request.
    private func run(_ request: [UInt8]) throws -> [UInt8] {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
        var template = Array("\(parent)/martlet-bench-XXXXXX".utf8CString)
        guard let directory = mkdtemp(&template).map({ String(cString: $0) }) else {
            throw Failure(description: "No temporary directory: \(String(cString: strerror(errno)))")
        }
        let (script, input, output) = ("\(directory)/resolve.py", "\(directory)/request.json", "\(directory)/answer.json")
        defer {
            for file in [script, input, output] { unlink(file) }
            rmdir(directory)
        }
        try writeFile(script, PackageResources.synapse_resolution_py)
        try writeFile(input, request)

        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT, 0o600)
        let arguments = [strdup(python), strdup(script), nil]
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        let error = posix_spawnp(&process, python, &actions, nil, arguments, environ)
        guard error == 0 else { throw Failure(description: "\(python): \(String(cString: strerror(error)))") }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw Failure(description: "\(python): \(String(cString: strerror(errno)))") }
        }
        guard status == 0, let answer = readFile(output) else {
            throw Failure(description: "\(python) failed; does it have matrix-synapse?")
        }
        return Array(answer.utf8)
    }
}
