import ArgumentParser
import NIOCore

/// Accounts in many rooms: each one's first initial sync, then how fast their long polls deliver an event.
struct Sync: Scenario {
    static let configuration = CommandConfiguration(
        abstract: "Initial sync of accounts in R rooms with E messages each, and the wake-up of long polls.",
        discussion: """
            initial sync: one request for each account, one after the other, without a filter. Each account is synced once, since servers \
            cache answers; \"first\" is the first account's, whose request the server has nothing cached for if it was just started. For that \
            run --prepare FILE, start the servers anew, and run --measure FILE.

            wake-up: accounts wait in a long poll, then somebody else sends to one of their rooms. The latency is from the start of the \
            send's request to the last byte of the poll's answer that has the event. \"send beside\" is the latency of these sends.
            """)

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many accounts sync.")
    var accounts: Int = 5

    @Option(help: "How many rooms each of them is in.")
    var rooms: Int = 200

    @Option(help: "How many messages are in each room.")
    var events: Int = 20

    @Option(help: "How many messages to send to accounts that wait.")
    var wakeups: Int = 50

    @Option(help: "How many of the accounts wait at once.")
    var listeners: Int = 1

    @Option(help: "How long a poll waits before the message is sent, so that the server is through with the request.")
    var settleMs: Int = 100

    @Option(
        name: .customLong("prepare"),
        help: "Only prepare accounts and rooms, and write what --measure needs to this file (it holds access tokens).")
    var preparePath: String?

    @Option(
        name: .customLong("measure"),
        help: "Only measure, with what --prepare has written. The URLs are the file's unless others are given.")
    var measurePath: String?

    var settings: [Setting] { roomSettings + measurementSettings }

    private var roomSettings: [Setting] {
        [
            Setting("accounts", accounts), Setting("rooms", rooms), Setting("events", events), Setting("room_version", options.roomVersion),
        ]
    }

    private var measurementSettings: [Setting] {
        [Setting("wakeups", wakeups), Setting("listeners", listeners), Setting("settle_ms", settleMs)]
    }

    func validate() throws {
        guard accounts > 0, rooms > 0, events >= 0, wakeups >= 0, settleMs >= 0, (1...accounts).contains(listeners) else {
            throw ValidationError("There has to be at least one account and one room, and no more listeners than accounts.")
        }
        guard preparePath == nil || measurePath == nil else {
            throw ValidationError("--prepare and --measure exclude each other; without either both are done in one go.")
        }
    }

    mutating func run() async throws {
        let scenario = self
        try await withConnections { connections in
            if let path = scenario.measurePath {
                try await scenario.measure(prepared: path, connections)
                return
            }
            let sides = try scenario.options.sides(connections)
            if let path = scenario.preparePath {
                var state = SyncState(settings: scenario.roomSettings, sides: [])
                for side in sides {
                    _ = try await side.identify()
                    state.sides.append(try await scenario.prepare(side))
                }
                try state.write(to: path)
                progress("written to \(path)")
            } else {
                try await Comparison(scenario: scenario, settings: scenario.settings, sides: sides).run { side in
                    try await scenario.measure(side)
                }
            }
        }
    }

    func measure(_ side: Side) async throws -> [Measurement] {
        let prepared = try await prepare(side)
        return try await measure(side, prepared)
    }

    private func measure(prepared path: String, _ connections: Connections) async throws {
        var state = try SyncState(readingFrom: path)
        let urls = options.urls.isEmpty ? state.sides.map(\.baseURL) : options.urls
        guard urls.count == state.sides.count else {
            throw ValidationError("\(path) was prepared for \(state.sides.count) servers.")
        }
        let sides = try options.sides(connections, urls: urls, names: state.sides.map(\.name))
        for index in state.sides.indices {
            if state.sides[index].measurements > 0 {
                progress("\(sides[index].name): note: these accounts have been synced before, this is not their first initial sync")
            }
            state.sides[index].measurements += 1
        }
        try state.write(to: path)
        var prepared = state.sides[...]
        try await Comparison(scenario: self, settings: state.settings + measurementSettings, sides: sides).run { side in
            try await measure(side, prepared.removeFirst())
        }
    }
}
