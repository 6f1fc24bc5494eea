import ArgumentParser
import NIOCore

/// Accounts that each create rooms, the next as soon as the last is answered.
struct Create: Scenario {
    static let configuration = CommandConfiguration(abstract: "Create rooms.")

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many accounts create rooms at once.")
    var creators: Int = 4

    @Option(help: "How many rooms to create in all.")
    var rooms: Int = 100

    @Option(help: "How many rooms each account creates before the measurement.")
    var warmup: Int = 1

    @Option(help: "The rooms' preset.")
    var preset: String = "private_chat"

    var settings: [Setting] {
        [
            Setting("creators", creators), Setting("rooms", rooms), Setting("warmup", warmup), Setting("preset", preset),
            Setting("room_version", options.roomVersion),
        ]
    }

    func validate() throws {
        guard creators > 0, rooms > 0, warmup >= 0 else {
            throw ValidationError("There has to be at least one creator and one room.")
        }
    }

    func measure(_ side: Side) async throws -> [Measurement] {
        let accounts = try await side.makeAccounts(creators, purpose: "create")
        @Sendable func create(_ creator: Int) async throws(RequestFailure) {
            _ = try await accounts[creator].createRoom(preset: preset, version: options.requestedRoomVersion)
        }
        _ = try await concurrently(creators, width: creators) { creator in
            for _ in 0..<warmup {
                try await create(creator)
            }
        }
        progress("\(side.name): creating \(rooms) rooms")
        let (tally, observation) = try await side.observe {
            await ClosedLoop(workers: creators, extent: .operations(rooms)).run { creator, _ throws(RequestFailure) in
                try await create(creator)
            }
        }
        return [Measurement("create", tally, observation)]
    }
}
