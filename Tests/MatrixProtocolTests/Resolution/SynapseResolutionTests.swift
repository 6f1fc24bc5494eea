import CanonicalJSON
import MatrixProtocol
import TestSupport
import Testing

/// Resolutions of random rooms come out as Synapse's.
struct SynapseResolutionTests {
    private static let seeds = UInt64(100)..<108
    private static let eventCount = 60
    private static let caseCount = 15

    @Test func randomRooms() throws {
        var rooms: [(graph: RoomGraph, cases: [[RoomGraph.State]])] = []
        for version in ResolutionPropertyTests.versions {
            for seed in Self.seeds {
                let graph = try RandomRoom.make(version, seed: seed, eventCount: Self.eventCount)
                rooms.append((graph, cases(of: graph, seed: seed)))
            }
        }
        let answers = try Synapse.resolve(rooms.map { try request($0.graph, $0.cases) })
        try #require(answers.count == rooms.count)
        var conflicts = 0
        for ((graph, cases), answer) in zip(rooms, answers) {
            let states = try #require(answer.objectValue?["states"]?.arrayValue)
            try #require(states.count == cases.count)
            for (states, expected) in zip(cases, states) {
                let resolved = try graph.resolve(states)
                let expected = try #require(expected.arrayValue).compactMap { $0.integerValue.map { graph.order[Int($0)] } }
                #expect(Set(resolved.values) == Set(expected), "version \(graph.version)")
                if Set(states).count > 1 { conflicts += 1 }
            }
        }
        #expect(conflicts > rooms.count * Self.caseCount / 2)
    }

    /// States to resolve: those that met in the room, and others.
    private func cases(of graph: RoomGraph, seed: UInt64) -> [[RoomGraph.State]] {
        var random = SplitMix64(seed: seed)
        let merges = graph.order.compactMap { id -> [RoomGraph.State]? in
            guard let event = graph.events[id], event.prevEvents.count > 1 else { return nil }
            return event.prevEvents.compactMap { graph.stateAfter[$0] }
        }
        let others = (0..<Self.caseCount).map { _ in RandomStates.choose(from: graph, using: &random) }
        return Array((merges.suffix(Self.caseCount / 2) + others).prefix(Self.caseCount))
    }

    private func request(_ graph: RoomGraph, _ cases: [[RoomGraph.State]]) throws -> JSONValue {
        let indices = Dictionary(uniqueKeysWithValues: graph.order.enumerated().map { ($1, JSONValue.integer(Int64($0))) })
        return [
            "version": .string(graph.version.id),
            "events": .array(try graph.order.map { .object(try #require(graph.events[$0]).json) }),
            "cases": .array(cases.map { .array($0.map { state in .array(state.values.compactMap { indices[$0] }) }) }),
        ]
    }
}
