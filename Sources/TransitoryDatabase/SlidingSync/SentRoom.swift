import Store

/// What a connection was told of a room.
package struct SentRoom: StoreCodable, Hashable {
    /// Up to which position in the database of rooms; nil as long as it is told everything, up to the connection's own position.
    package var upTo: Position?
    /// The most events of the timeline that it was told.
    package var timelineLimit: Int64
    /// The number of the wishes for state that it was told by.
    package var requiredState: UInt64
    /// Whether it knows the user's account data of the room, up to the connection's own position.
    package var knowsAccountData: Bool
    /// Whether it knows the room's receipts, as far as it knows the room.
    package var knowsReceipts: Bool
    /// The short state keys of the members whose events it has because they were needed; those that came last stand at the end.
    package var members: [UInt64]

    package init(
        upTo: Position?, timelineLimit: Int64, requiredState: UInt64, knowsAccountData: Bool, knowsReceipts: Bool, members: [UInt64]
    ) {
        self.upTo = upTo
        self.timelineLimit = timelineLimit
        self.requiredState = requiredState
        self.knowsAccountData = knowsAccountData
        self.knowsReceipts = knowsReceipts
        self.members = members
    }

    private static let headBytes = 1 + 3 * 8
    private static let isLiveFlag: UInt8 = 1
    private static let knowsAccountDataFlag: UInt8 = 2
    private static let knowsReceiptsFlag: UInt8 = 4

    /// Flags (1 byte: 1 for told everything, 2 for account data, 4 for receipts), the position or 0, the limit, the number of the wishes, the
    /// members' keys; 8 bytes each.
    package var encoded: [UInt8] {
        let flags =
            (upTo == nil ? Self.isLiveFlag : 0) | (knowsAccountData ? Self.knowsAccountDataFlag : 0)
            | (knowsReceipts ? Self.knowsReceiptsFlag : 0)
        var bytes = FixedKey(flags, upTo ?? .zero, timelineLimit, requiredState).encoded
        bytes.reserveCapacity(bytes.count + members.count * UInt64.width)
        for member in members { member.encodeFixedWidth(to: &bytes) }
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        guard bytes.count >= Self.headBytes, (bytes.count - Self.headBytes) % UInt64.width == 0 else {
            throw StoreError.undecodable(bytes, as: "what a connection was told of a room")
        }
        let (flags, upTo, timelineLimit, requiredState) = try FixedKey<UInt8, Position, Int64, UInt64>(
            encoded: Array(bytes.prefix(Self.headBytes))
        ).parts
        self.init(
            upTo: flags & Self.isLiveFlag != 0 ? nil : upTo, timelineLimit: timelineLimit, requiredState: requiredState,
            knowsAccountData: flags & Self.knowsAccountDataFlag != 0, knowsReceipts: flags & Self.knowsReceiptsFlag != 0,
            members: stride(from: Self.headBytes, to: bytes.count, by: UInt64.width).map {
                UInt64(fixedWidth: bytes[$0..<$0 + UInt64.width])
            })
    }
}

extension SentRoom {
    package var readable: ReadableValue {
        [
            "up_to": upTo.readable, "timeline_limit": timelineLimit.readable, "required_state": requiredState.readable,
            "account_data": .bool(knowsAccountData), "receipts": .bool(knowsReceipts), "members": .list(members.map(\.readable)),
        ]
    }
}

/// What an answer has changed in what a connection was told, by the rooms' short IDs.
package struct SentRooms: StoreCodable, Hashable {
    package var rooms: [UInt64: SentRoom]

    package init(_ rooms: [UInt64: SentRoom] = [:]) {
        self.rooms = rooms
    }

    /// For each room its short ID, the length of what follows (8 bytes each), and what it was told.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        for (room, sent) in rooms.sorted(by: { $0.key < $1.key }) {
            let encoded = sent.encoded
            room.encodeFixedWidth(to: &bytes)
            UInt64(encoded.count).encodeFixedWidth(to: &bytes)
            bytes += encoded
        }
        return bytes
    }

    package init(encoded bytes: [UInt8]) throws {
        rooms = [:]
        var rest = bytes[...]
        while !rest.isEmpty {
            guard rest.count >= 2 * UInt64.width else { throw Self.damaged(bytes) }
            let room = UInt64(fixedWidth: rest.prefix(UInt64.width))
            let length = UInt64(fixedWidth: rest.dropFirst(UInt64.width).prefix(UInt64.width))
            rest = rest.dropFirst(2 * UInt64.width)
            guard length <= UInt64(rest.count) else { throw Self.damaged(bytes) }
            rooms[room] = try SentRoom(encoded: Array(rest.prefix(Int(length))))
            rest = rest.dropFirst(Int(length))
        }
    }

    private static func damaged(_ bytes: [UInt8]) -> StoreError {
        .undecodable(bytes, as: "what an answer told of rooms")
    }
}

extension SentRooms {
    package var readable: ReadableValue {
        .object(rooms.sorted { $0.key < $1.key }.map { ReadableValue.Member(String($0.key), $0.value.readable) })
    }
}
