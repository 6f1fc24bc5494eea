import CanonicalJSON
import Glibc
import Homeserver
import MatrixProtocol
import Store

/// What things cost in an empty room and in a large one.
struct RoomCosts {
    let homeserver: Homeserver
    let place: LargeRoomDirectory
    let empty: RoomID
    let large: RoomID
    let rounds: Int
    let count: Int

    private struct Cost {
        var seconds = Double.infinity
        var blocks: Int64 = 0
    }

    /// Measures what changes the rooms.
    ///
    /// - Returns: whether nothing costs too much.
    func measureWriting() async throws -> Bool {
        let rooms = homeserver.rooms
        let member = place.member
        let runID = SystemRandom().alphanumeric(8).lowercased()
        print("\nwriting, each                  empty room      large room")
        let sending = try await compare("a message", atMost: 1.5) { room, number in
            _ = try await rooms.send(
                "m.room.message", ["msgtype": "m.text", "body": "kobami sovine"], to: room, transactionID: "\(runID)-\(number)", by: member)
        }
        let joining = try await compare("a join", atMost: 3) { room, number in
            try await rooms.join(room, content: [:], by: place.user("bench-\(runID)-\(number)"))
        }
        let naming = try await compare("a new name", atMost: 3) { room, number in
            let content: JSONObject = ["membership": "join", "displayname": .string("Name \(number)")]
            _ = try await rooms.setState(.member(member.userID), content, in: room, by: member)
        }
        return sending && joining && naming
    }

    /// Measures what reads the rooms.
    func measureReading() async throws {
        let (rooms, sync, member) = (homeserver.rooms, homeserver.sync, place.member)
        @Sendable func request(_ room: RoomID, since: SyncToken? = nil, isLazy: Bool) throws -> SyncRequest {
            let filter: JSONObject = ["rooms": [.string(room.string)], "state": ["lazy_load_members": .bool(isLazy)]]
            return SyncRequest(since: since, filter: try SyncFilter(checking: ["room": .object(filter)]))
        }
        print("\nreading, each                  empty room      large room")
        try await compare("first sync, lazy-loading") { room, _ in _ = try await sync.sync(request(room, isLazy: true), for: member) }
        try await compare("first sync", isLong: true) { room, _ in _ = try await sync.sync(request(room, isLazy: false), for: member) }
        let before = try await syncToken()
        for room in [empty, large] {
            _ = try await rooms.send("m.room.message", ["body": "x"], to: room, transactionID: SystemRandom().alphanumeric(8), by: member)
        }
        try await compare("sync of a message") { room, _ in
            _ = try await sync.sync(request(room, since: before, isLazy: true), for: member)
        }
        for room in [empty, large] { try await rooms.join(room, content: [:], by: place.user(SystemRandom().alphanumeric(8).lowercased())) }
        try await compare("sync of a join") { room, _ in _ = try await sync.sync(request(room, since: before, isLazy: true), for: member) }
        try await compare("a page of messages") { room, _ in
            _ = try rooms.messages(of: room, MessagesRequest(isBackward: true, limit: 50), for: member)
        }
        try await compare("searching a common word") { room, _ in
            let filter: JSONObject = ["rooms": [.string(room.string)]]
            let criteria: JSONObject = ["search_term": .string(MadeUpText.vocabulary[0]), "filter": .object(filter)]
            _ = try rooms.search(SearchRequest(criteria, token: nil), for: member)
        }
        try await compare("members", isLong: true) { room, _ in
            try take(rooms.members(of: room, at: nil, membership: nil, notMembership: nil, for: member))
        }
        try await compare("joined members", isLong: true) { room, _ in try take(rooms.joinedMembers(of: room, for: member)) }
        try await compare("state", isLong: true) { room, _ in try take(rooms.state(of: room, for: member)) }
    }

    /// Takes an answer as a client does, and lets go of each piece.
    private func take(_ answer: AnswerInPieces) throws {
        var left = answer
        while try left.next() != nil {}
    }

    private func syncToken() async throws -> SyncToken {
        let answer = try await homeserver.sync.sync(SyncRequest(filter: SyncFilter(checking: ["room": ["rooms": []]])), for: place.member)
        guard let token = SyncToken(try Scan(answer).string("next_batch")) else { throw LargeRoomError("the sync's answer has no token") }
        return token
    }

    /// Says how large the search index is beside the events.
    func printIndexSize() throws {
        let index = try map("tokenids", "disk_bytes")
        let events = try map("pduid_pdu", "disk_bytes")
        let share = Report.decimal(Double(index) / Double(max(events, 1)), decimals: 2)
        print("\nsearch index: \(index >> 10) KiB on the disk, \(share) of the events' \(events >> 10) KiB")
    }

    // MARK: - Measuring

    /// Does something in both rooms by turns, and prints what it costs.
    ///
    /// - Returns: whether it costs at most `limit` times as much in the large room.
    @discardableResult
    private func compare(
        _ name: String, atMost limit: Double? = nil, isLong: Bool = false, _ body: (RoomID, _ number: Int) async throws -> Void
    ) async throws -> Bool {
        let count = isLong ? 1 : count
        var costs = [Cost(), Cost()]
        var number = 0
        for _ in 0..<rounds {
            for (index, room) in [empty, large].enumerated() {
                let blocksBefore = try blocks()
                let start = Self.cpuSeconds()
                for _ in 0..<count {
                    try await body(room, number)
                    number += 1
                }
                costs[index].seconds = min(costs[index].seconds, (Self.cpuSeconds() - start) / Double(count))
                costs[index].blocks = (try blocks() - blocksBefore) / Int64(count)
            }
        }
        let ratio = costs[1].seconds / costs[0].seconds
        let isGood = limit.map { ratio <= $0 } ?? true
        var line = Self.padded(name, 27, isLeft: true)
        for cost in costs { line += Self.padded(Report.decimal(cost.seconds * 1e6, decimals: 0), 11) + " µs" }
        line += Self.padded(Report.decimal(ratio, decimals: 2), 9) + " times"
        if let limit { line += ", at most \(limit)" + (isGood ? "" : ": TOO MUCH") }
        print(line + ", \(costs[0].blocks) and \(costs[1].blocks) blocks")
        return isGood
    }

    private static func padded(_ text: String, _ width: Int, isLeft: Bool = false) -> String {
        let padding = String(repeating: " ", count: max(0, width - text.count))
        return isLeft ? text + padding : padding + text
    }

    /// The CPU time of all threads.
    private static func cpuSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// How many blocks the rooms database has read so far.
    private func blocks() throws -> Int64 {
        try maps().reduce(0) { $0 + ($1["cache_hits"]?.integerValue ?? 0) + ($1["cache_misses"]?.integerValue ?? 0) }
    }

    private func map(_ name: String, _ figure: String) throws -> Int64 {
        try maps().first { $0["name"]?.stringValue == name }?[figure]?.integerValue ?? 0
    }

    /// The statistics of the rooms database's maps.
    private func maps() throws -> [JSONObject] {
        let databases = try homeserver.inspection.statistics()["databases"]?.arrayValue ?? []
        let rooms = databases.compactMap(\.objectValue).first { $0["name"]?.stringValue == "rooms" }
        return (rooms?["maps"]?.arrayValue ?? []).compactMap(\.objectValue)
    }
}
