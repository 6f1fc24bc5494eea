import ArgumentParser
import Glibc
import MatrixProtocol

/// Resolves the state of forked rooms in this process, and by Synapse's resolver where there is one.
struct Resolve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Resolve the states of forked rooms.",
        discussion: """
            Takes no server. Each line is a room with twice the members and differences of the one before, so that the time for each event shows \
            how the cost grows. With --python, Synapse resolves the first room too: the same events, in the same run, on the same machine; the exit code is \
            1 if it comes to another state.
            """)

    @Option(help: "The rooms' version; once for each.")
    var roomVersion: [String] = ["10", "12"]

    @Option(help: "How many members the first room has.")
    var members: Int = 10_000

    @Option(help: "For how many members the first room's two states differ.")
    var differences: Int = 1_000

    @Option(help: "How many rooms of growing size to resolve.")
    var sizes: Int = 4

    @Option(help: "How often to resolve each; the fastest by CPU time counts.")
    var rounds: Int = 5

    @Option(help: "A Python interpreter that has matrix-synapse.")
    var python: String?

    func validate() throws {
        guard differences > 0, members > differences, sizes > 0, rounds > 0 else {
            throw ValidationError("There have to be more members than differences, and at least one of everything else.")
        }
        if let unknown = roomVersion.first(where: { RoomVersion($0) == nil }) {
            throw ValidationError("\(unknown) is not a room version.")
        }
    }

    func run() throws {
        var isSame = true
        for version in roomVersion.compactMap(RoomVersion.init) {
            print("\nversion \(version), state resolution \(version.stateResolution)")
            for size in 0..<sizes {
                let room = try ForkedRoom(version: version, members: members << size, differences: differences << size)
                let (state, seconds) = try resolve(room)
                let each = Report.decimal(seconds * 1e6 / Double(room.events.count), decimals: 3)
                print(
                    "  \(members << size) members, \(differences << size) differences: \(Report.decimal(seconds * 1000, decimals: 2)) ms, "
                        + "\(each) µs for each of \(room.events.count) events")
                if size == 0, let python {
                    isSame = try compare(room, state, seconds, with: SynapseResolution(python: python)) && isSame
                }
            }
        }
        if !isSame { throw ExitCode.failure }
    }

    /// The resolved state and the CPU time of the fastest resolution.
    private func resolve(_ room: ForkedRoom) throws -> (state: [StateEntry], seconds: Double) {
        var state: [StateEntry] = []
        var fastest = Double.infinity
        for _ in 0..<rounds {
            let start = Self.cpuSeconds()
            state = try StateResolution.resolve(room.states, version: room.version, events: room)
            fastest = min(fastest, Self.cpuSeconds() - start)
        }
        return (state, fastest)
    }

    /// The CPU time of this thread, which doesn't grow when something else has the processor.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Lets Synapse resolve the room, and says how long it took.
    ///
    /// - Returns: whether it came to the same state.
    private func compare(
        _ room: ForkedRoom, _ state: [StateEntry], _ seconds: Double, with synapse: SynapseResolution
    ) throws -> Bool {
        let answer = try synapse.resolve(room, rounds: rounds)
        let withoutChains = answer.seconds - answer.chainSeconds
        func times(_ other: Double) -> String { "\(Report.decimal(other / seconds, decimals: 1)) times as long" }
        print(
            "    Synapse: \(Report.decimal(answer.seconds * 1000, decimals: 1)) ms, \(times(answer.seconds)); "
                + "without its search of auth chains \(Report.decimal(withoutChains * 1000, decimals: 1)) ms, \(times(withoutChains))")
        let isSame = state.map { Int($0.event.rawValue) }.sorted() == answer.state
        print("    \(isSame ? "the same state" : "ANOTHER STATE")")
        return isSame
    }
}
