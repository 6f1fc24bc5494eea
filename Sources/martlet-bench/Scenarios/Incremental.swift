import ArgumentParser
import NIOCore

/// Incremental syncs of an account in many rooms, beside those of one in few.
struct Incremental: Scenario {
    static let configuration = CommandConfiguration(
        abstract: "Incremental sync of an account in many rooms, compared with one in few.",
        discussion: """
            Both accounts are in the first rooms; one of them is in many more. A message is sent to one of the first rooms, and each account asks what is new since \
            its last answer, now one first and now the other. Then messages are sent to rooms that neither is in, and one to a room of both; and \
            each account asks again and again what is new since before all that. The ratio is that of the medians, many rooms to few.
            """)

    @OptionGroup var options: ScenarioOptions

    @Option(help: "How many rooms the one account is in.")
    var few: Int = 20

    @Option(help: "How many rooms the other one is in.")
    var many: Int = 2000

    @Option(help: "How many syncs of each account are measured, with and without the changes elsewhere.")
    var syncs: Int = 100

    @Option(help: "How many messages are sent to other people's rooms.")
    var changes: Int = 10_000

    var settings: [Setting] {
        [
            Setting("few", few), Setting("many", many), Setting("syncs", syncs), Setting("changes", changes),
            Setting("room_version", options.roomVersion),
        ]
    }

    func validate() throws {
        guard few > 0, many >= few, syncs > 0, changes >= 0 else {
            throw ValidationError("There have to be some rooms, and no fewer where there are many.")
        }
    }

    /// How many requests prepare things at once.
    private static let preparationsAtOnce = 8
    /// The rooms of other people.
    private static let otherRooms = 16

    func measure(_ side: Side) async throws -> [Measurement] {
        let accounts = try await side.makeAccounts(2, purpose: "incremental")
        let owner = try await side.makeAccounts(1, purpose: "owner")[0]
        let others = try await side.makeAccounts(Self.otherRooms, purpose: "other")
        progress("\(side.name): creating \(many) rooms")
        let rooms = try await concurrently(many, width: Self.preparationsAtOnce) { number in
            let room = try await owner.createRoom(version: options.requestedRoomVersion)
            for account in number < few ? accounts[...] : accounts[1...] { try await account.join(room) }
            if (number + 1).isMultiple(of: 100) { progress("\(side.name): \(number + 1) of \(many) rooms") }
            return room
        }
        var pair = SyncingPair(few: try await SyncingAccount(accounts[0]), many: try await SyncingAccount(accounts[1]))
        progress("\(side.name): \(syncs) incremental syncs of each account")
        for number in 0..<syncs {
            _ = try await owner.send(.textMessage(length: 64), to: rooms[number % few], transactionID: "incremental-\(number)")
            await pair.sync(number, goingOn: true)
        }
        var measurements = pair.takeMeasurements("")
        guard changes > 0 else { return measurements }

        progress("\(side.name): \(changes) messages in other people's rooms")
        let changesEach = (changes + Self.otherRooms - 1) / Self.otherRooms
        _ = try await concurrently(others.count, width: others.count) { number in
            let room = try await others[number].createRoom(version: options.requestedRoomVersion)
            for change in 0..<changesEach {
                _ = try await others[number].send(.textMessage(length: 64), to: room, transactionID: "change-\(change)")
            }
        }
        _ = try await owner.send(.textMessage(length: 64), to: rooms[0], transactionID: "after-changes")
        for number in 0..<syncs { await pair.sync(number, goingOn: false) }
        measurements += pair.takeMeasurements(", changes elsewhere")
        return measurements
    }
}

/// The two accounts, whose syncs take turns.
private struct SyncingPair {
    var few: SyncingAccount
    var many: SyncingAccount

    /// Each account syncs once, now the one first and now the other.
    mutating func sync(_ number: Int, goingOn: Bool) async {
        if number.isMultiple(of: 2) { await few.sync(goingOn: goingOn) }
        await many.sync(goingOn: goingOn)
        if !number.isMultiple(of: 2) { await few.sync(goingOn: goingOn) }
    }

    /// What was measured since the last time.
    mutating func takeMeasurements(_ circumstance: String) -> [Measurement] {
        defer { (few.tally, many.tally) = (Tally(), Tally()) }
        let medians = [many, few].map { $0.tally.latencies.milliseconds(atPercentile: 50) }
        let ratio = medians[0].flatMap { many in medians[1].map { many / $0 } }
        return [
            Measurement("few rooms" + circumstance, few.tally, nil),
            Measurement("many rooms" + circumstance, many.tally, nil, extra: [Figure("ratio", "to few rooms", ratio, decimals: 2)]),
        ]
    }
}

/// An account, the token of its last sync, and how long its syncs took.
private struct SyncingAccount {
    private let account: Account
    private var token: String
    var tally = Tally()

    /// So many syncs come before those that are measured.
    private static let warmup = 5

    init(_ account: Account) async throws {
        self.account = account
        token = try Scan(try await account.sync()).string("next_batch")
        for _ in 0..<Self.warmup { token = try Scan(try await account.sync(since: token)).string("next_batch") }
    }

    /// - Parameter goingOn: whether the next sync begins where this one ends.
    mutating func sync(goingOn: Bool) async {
        let start = NIODeadline.now()
        do throws(RequestFailure) {
            let answer = try await account.sync(since: token)
            tally.record(.now() - start)
            if goingOn { token = try Scan(answer).string("next_batch") }
        } catch {
            tally.record(error)
        }
    }
}
