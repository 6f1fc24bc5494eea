import Homeserver
import MatrixProtocol
import Store
import StoreTestSupport
import TestSupport

@testable import Homeserver

/// People do things while clients sync; from a seed, which repeats the run.
enum SyncSimulation {
    private static let rounds = 4
    private static let actorCount = 2
    private static let actionsPerRound = 22

    /// - Throws: `SyncMismatch` when a client's view is not what is so.
    static func run(seed: UInt64) throws {
        var following = FollowingLimits()
        // With every other seed, whoever has been away for long comes from behind the logs' floors.
        if seed % 2 == 0 { following.retainedEntries = 40 }
        try VirtualServer.run(on: TemporaryDirectory(), seed: seed, following: following) { server in
            let world = SimulatedWorld(server, seed: seed)
            var clients = try await enter(world)
            for round in 0..<rounds {
                try await live(world, &clients)
                // What isn't waited for becomes visible.
                try await server.wait(1000)
                for index in clients.indices where round == rounds - 1 || !clients[index].isAway { try await clients[index].settle() }
            }
        }
    }

    /// Makes the people, their devices and the first rooms.
    private static func enter(_ world: SimulatedWorld) async throws -> [any SimulatedClient] {
        var clients: [any SimulatedClient] = []
        for (index, person) in world.people.enumerated() {
            _ = try await world.homeserver.accounts.createAccount(
                of: person, password: nil, flags: [], device: LoginDevice(id: "DESK"), ending: nil)
            for device in ["A", "B"] {
                try await world.logIn(person, on: device)
                let slides = index < 3 && device == "B"
                clients.append(
                    slides ? SlidingSimulatedClient(world, person, device: device) : SyncingClient(world, person, device: device))
            }
        }
        for _ in 0..<3 { try await SimulatedActions(world: world, name: "").createRoom(by: world.requester(world.people[0])) }
        return clients
    }

    /// A round of actions, beside which those clients sync that aren't away.
    private static func live(_ world: SimulatedWorld, _ clients: inout [any SimulatedClient]) async throws {
        for index in clients.indices { clients[index].begin() }
        let before = clients
        clients = try await withThrowingTaskGroup(of: (Int, any SimulatedClient)?.self) { group in
            for number in 0..<actorCount {
                group.addTask {
                    let actions = SimulatedActions(world: world, name: "actor \(number)")
                    for _ in 0..<actionsPerRound {
                        try await actions.act()
                        try await world.server.wait(world.isOnce(in: 20) ? 20_000 : Int64(world.choice(50)))
                    }
                    return nil
                }
            }
            for (index, client) in before.enumerated() where !client.isAway {
                group.addTask {
                    var client = client
                    try await client.work()
                    return (index, client)
                }
            }
            var after = before
            for try await result in group {
                if let (index, client) = result { after[index] = client }
            }
            return after
        }
    }
}

/// A client of a simulation: it goes on from answer to answer, puts together what it is told, and holds it against the truth.
protocol SimulatedClient: Sendable {
    /// Whether it doesn't sync in this round.
    var isAway: Bool { get }
    /// Begins a round.
    mutating func begin()
    /// Syncs a few times.
    mutating func work() async throws
    /// Syncs until nothing is new, and looks whether all is known.
    mutating func settle() async throws
}
