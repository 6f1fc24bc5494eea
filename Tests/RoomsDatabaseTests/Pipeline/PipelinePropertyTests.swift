import CanonicalJSON
import MatrixProtocol
import RocksDB
import TestSupport
import Testing

@testable import RoomsDatabase

/// What holds for every room, in whatever order its events come.
@Suite struct PipelinePropertyTests {
    private static let versions: [RoomVersion] = [.v1, .v2, .v6, .v11, .v12]

    /// What must not depend on the order of arrival.
    private struct Outcome: Equatable {
        var stateBefore: [EventID: [StateKey: EventID]] = [:]
        var rejected: Set<EventID> = []

        init(of events: [Event], in rooms: TestRooms) throws {
            for event in events {
                stateBefore[event.id] = try rooms.state(before: event)
                if try rooms.view.isRejected(#require(try rooms.view.shortID(of: event.id))) { rejected.insert(event.id) }
            }
        }
    }

    /// For one graph of events, the state before every event and the set of rejected events are those that the rules alone lead to, in
    /// every order of arrival; and what the database has at the end is sound.
    @Test(arguments: zip(versions, 1...5 as ClosedRange<UInt64>))
    func orderOfArrival(version: RoomVersion, seed: UInt64) async throws {
        let (events, expected) = try await graph(version, seed)
        #expect(expected.rejected.count > 3 && expected.rejected.count < events.count * 2 / 3)
        var random = SplitMix64(seed: seed)
        for _ in 0..<3 {
            let order = Self.topologicalOrder(of: events, using: &random)
            #expect(order.map(\.id) != events.map(\.id))
            try await expect(expected, from: events) { rooms in
                var rest = order[...]
                while !rest.isEmpty {
                    let some = Array(rest.prefix(Int.random(in: 1...10, using: &random)))
                    rest = rest.dropFirst(some.count)
                    try await rooms.commit { commit in
                        for event in some {
                            let receipt = try commit.receive(event, in: commit.room(of: event, version: version))
                            if case .waiting = receipt { Issue.record("\(event) waits") }
                        }
                    }
                }
            }
        }
    }

    /// The same, when events come before those that they follow, and wait for these.
    @Test(arguments: [RoomVersion.v1, .v6, .v12])
    func orderOfArrivalWithWaiting(version: RoomVersion) async throws {
        let (events, expected) = try await graph(version, 3)
        var random = SplitMix64(seed: 3)
        let order = [events[0]] + events.dropFirst().shuffled(using: &random)
        try await expect(expected, from: events) { rooms in
            var waits = 0
            var rest = order
            while !rest.isEmpty {
                var later: [Event] = []
                for event in rest {
                    do {
                        if case .waiting = try await rooms.receive(event, version) { waits += 1 }
                    } catch is PipelineError {
                        later.append(event)
                    }
                }
                try #require(later.count < rest.count)
                rest = later
            }
            #expect(waits > 3)
        }
    }

    private func graph(_ version: RoomVersion, _ seed: UInt64) async throws -> ([Event], Outcome) {
        try await TestRooms.session { rooms in
            let graph = try await RandomGraph(version, seed: seed, eventCount: 45, in: rooms)
            let outcome = try Outcome(of: graph.remote.events, in: rooms)
            let model = try RoomModel(of: graph.remote.events, version: version)
            #expect(outcome.rejected == model.rejected)
            #expect(outcome.stateBefore == model.stateBefore)
            return (graph.remote.events, outcome)
        }
    }

    private func expect(_ expected: Outcome, from events: [Event], _ arrive: (TestRooms) async throws -> Void) async throws {
        let directory = try TemporaryDirectory()
        try await TestRooms.session(in: directory) { rooms in
            try await arrive(rooms)
            let outcome = try Outcome(of: events, in: rooms)
            #expect(outcome.rejected == expected.rejected)
            #expect(outcome.stateBefore == expected.stateBefore)
        }
        let result = RoomsVerification.run(
            at: "\(directory.path)/rooms", serverName: TestRooms.serverName.string, blockCache: BlockCache(capacityBytes: 1 << 20))
        #expect(result.findings.isEmpty, "\(result.findings.prefix(5))")
    }

    /// An order in which every event comes after its previous ones and its auth events.
    private static func topologicalOrder(of events: [Event], using random: inout SplitMix64) -> [Event] {
        var order: [Event] = []
        var arrived: Set<EventID> = []
        var waiting = events
        while !waiting.isEmpty {
            let ready = waiting.indices.filter { arrived.isSuperset(of: waiting[$0].prevEvents + waiting[$0].authEvents) }
            guard let index = ready.randomElement(using: &random) else { return order }
            arrived.insert(waiting[index].id)
            order.append(waiting.remove(at: index))
        }
        return order
    }
}
