import MatrixProtocol
import TestSupport
import Testing

/// What holds for every room, whatever happens in it: random graphs of events, one after the other from a seed.
struct ResolutionPropertyTests {
    /// One version for each algorithm and event format.
    static let versions: [RoomVersion] = [.v1, .v2, .v3, .v6, .v10, .v12]
    private static let seeds = Array(UInt64(1)...4)
    private static let eventCount = 50

    /// For one graph of events, the state before every event and the set of rejected events are the same in every order of arrival.
    @Test(arguments: versions, seeds)
    func orderOfArrival(version: RoomVersion, seed: UInt64) throws {
        let graph = try RandomRoom.make(version, seed: seed, eventCount: Self.eventCount)
        var random = SplitMix64(seed: seed)
        for _ in 0..<3 {
            let replayed = try graph.replayed(in: topologicalOrder(of: graph, using: &random))
            #expect(replayed.order != graph.order)
            #expect(replayed.stateBefore == graph.stateBefore)
            #expect(replayed.rejected == graph.rejected)
        }
    }

    /// The order of the states and the numbers of events and keys make no difference.
    @Test(arguments: versions, seeds)
    func orderOfStates(version: RoomVersion, seed: UInt64) throws {
        let graph = try RandomRoom.make(version, seed: seed, eventCount: Self.eventCount)
        var random = SplitMix64(seed: seed)
        for _ in 0..<10 {
            let states = RandomStates.choose(from: graph, using: &random)
            let resolved = try graph.resolve(states)
            for _ in 0..<4 {
                #expect(try graph.resolve(states.shuffled(using: &random), salt: random.next()) == resolved)
            }
            #expect(try graph.resolve(states + [states[0]]) == resolved)
            #expect(try graph.resolve([states[0], states[0]]) == states[0])
        }
    }

    /// The generator makes rooms in which something happens.
    @Test(arguments: versions) func randomRoomsAreInteresting(version: RoomVersion) throws {
        var merges = 0
        var conflicts = 0
        for seed in Self.seeds {
            let graph = try RandomRoom.make(version, seed: seed, eventCount: Self.eventCount)
            #expect(graph.rejected.count > 3 && graph.rejected.count < graph.order.count * 2 / 3)
            for id in graph.order {
                let previous = try #require(graph.events[id]).prevEvents
                guard previous.count > 1 else { continue }
                merges += 1
                if Set(previous.compactMap { graph.stateAfter[$0] }).count > 1 { conflicts += 1 }
            }
        }
        #expect(merges > 30 && conflicts > 20, "\(merges) merges, \(conflicts) of different states")
    }

    /// An order in which every event comes after its previous ones and its auth events, which need not be among those.
    private func topologicalOrder(of graph: RoomGraph, using random: inout SplitMix64) -> [EventID] {
        var order: [EventID] = []
        var arrived: Set<EventID> = []
        var waiting = graph.order
        while !waiting.isEmpty {
            let ready = waiting.indices.filter { index in
                guard let event = graph.events[waiting[index]] else { return false }
                return arrived.isSuperset(of: event.prevEvents + event.authEvents)
            }
            guard let index = ready.randomElement(using: &random) else { return order }
            arrived.insert(waiting[index])
            order.append(waiting.remove(at: index))
        }
        return order
    }
}

/// States of a random room.
enum RandomStates {
    /// Between two and five states after events of the graph.
    static func choose(from graph: RoomGraph, using random: inout SplitMix64) -> [RoomGraph.State] {
        let count = Int.random(in: 2...5, using: &random)
        return (0..<count).compactMap { _ in
            graph.order.dropFirst(4).randomElement(using: &random).flatMap { graph.stateAfter[$0] }
        }
    }
}
