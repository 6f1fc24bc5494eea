import CanonicalJSON
import TestSupport
import Testing

/// A user's device that writes to one database and another in turn, each step after the one before was acknowledged: a message (rooms),
/// account data (accounts), its display name (rooms), and so on. So whatever has one step has all that came before it.
actor AlternatingClient {
    private static let stepsInTurn: Int64 = 3
    private static let dataType = "org.example.step"

    private let name: String
    private let room: String
    private let client: MatrixTestClient
    /// How many steps were acknowledged.
    private(set) var acknowledgedSteps: Int64 = 0
    /// How long the slowest step took.
    private(set) var longestStep = Duration.zero
    private(set) var failure: (any Error)?

    init(_ client: MatrixTestClient, in room: String, number: Int) {
        self.client = client
        self.room = room
        name = "\(number):"
    }

    /// Takes one step after the other until `isOver` is true.
    func work(until isOver: @Sendable () -> Bool) async {
        do {
            while !isOver(), !Task.isCancelled {
                let begin = ContinuousClock.now
                try await take(acknowledgedSteps + 1)
                longestStep = max(longestStep, ContinuousClock.now - begin)
                acknowledgedSteps += 1
            }
        } catch {
            failure = error
        }
    }

    private func take(_ step: Int64) async throws {
        let turn = (step + Self.stepsInTurn - 1) / Self.stepsInTurn
        switch step % Self.stepsInTurn {
        case 1: try await client.send("\(name)\(turn)", to: room)
        case 2: try await client.put("user", client.userID, "account_data", Self.dataType, body: ["turn": .integer(turn)]).ok()
        default: try await client.put("profile", client.userID, "displayname", body: ["displayname": "\(turn)"]).ok()
        }
    }

    /// Checks that a server has the first so many steps and no others.
    ///
    /// - Parameter range: How many they may be.
    func check(_ server: ServerProcess, _ history: [RoomFollower.Event], in range: ClosedRange<Int64>) async throws {
        let client = client.on(server)
        let messages = history.map(\.text).filter { $0.hasPrefix(name) }
        let data = try await client.get("user", client.userID, "account_data", Self.dataType).body["turn"]?.integerValue ?? 0
        let profile =
            try await client.get("profile", client.userID, "displayname").ok()["displayname"]?.stringValue.flatMap { Int64($0) } ?? 0
        let steps = Int64(messages.count) + data + profile
        #expect(range.contains(steps), "client \(name): \(steps) steps of \(range)")
        #expect(messages == messages.indices.map { "\(name)\($0 + 1)" })
        #expect(
            data == (steps + 1) / Self.stepsInTurn && profile == steps / Self.stepsInTurn,
            "client \(name): a step is missing before \(steps)")
        // The room shows a name when the step is done, so at the latest when there is another.
        if steps % Self.stepsInTurn != 0, profile > 0 {
            let shown = try await client.state("m.room.member", client.userID, in: room)?["displayname"]?.stringValue
            #expect(shown == "\(profile)")
        }
    }
}
