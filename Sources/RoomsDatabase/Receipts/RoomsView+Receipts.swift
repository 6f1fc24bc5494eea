import MatrixProtocol
import Store
import StoredIdentifiers

/// What users have read.
extension RoomsView {
    /// How far a user has read a room and its threads.
    package func readPositions(of user: UserID, in room: ShortRoomID) throws -> ReadPositions {
        var positions = ReadPositions()
        var receipts = try reader.domain(RoomsMaps.readPositions, .tuples(room, user))
        while let (key, value) = try receipts.next() {
            let thread = key.parts.3
            positions.add(value.parts.1, in: thread.isEmpty ? nil : ThreadID(trusted: thread), at: value.parts.0)
        }
        return positions
    }

    /// The public receipts of a room that were set after a position, or all of them for nil: the latest one of each user and thread.
    package func receipts(in room: ShortRoomID, after position: Position?) throws -> [(user: UserID, receipt: ReadReceipt)] {
        let all = KeyRange.tuples(room)
        var receipts = try reader.domain(RoomsMaps.receipts, position.map { all.from(TupleKey(room, $0.next).encoded) } ?? all)
        return try receipts.collect().map { ($0.key.parts.2, $0.value) }
    }

    /// A user's private receipts in a room that were set after a position, or all of them for nil: the latest one of each thread.
    package func privateReceipts(of user: UserID, in room: ShortRoomID, after position: Position?) throws -> [ReadReceipt] {
        // Most users have none, which a filter answers.
        guard let newest = try reader.get(RoomsMaps.lastPrivateRead, TupleKey(room, user)), position.map({ newest > $0 }) ?? true else {
            return []
        }
        let all = KeyRange.tuples(room, user)
        var receipts = try reader.domain(RoomsMaps.privateRead, position.map { all.from(TupleKey(room, user, $0.next).encoded) } ?? all)
        return try receipts.collect().map(\.value)
    }

    /// All receipts of a user in a room, public and private: the latest one of each thread.
    package func receipts(of user: UserID, in room: ShortRoomID) throws -> [(kind: ReadReceipt.Kind, receipt: ReadReceipt)] {
        var positions = try reader.domain(RoomsMaps.readPositions, .tuples(room, user))
        return try positions.collect().compactMap { key, value in
            guard let kind = ReadReceipt.Kind(rawValue: key.parts.2) else { return nil }
            let position = value.parts.0
            let receipt =
                switch kind {
                case .read: try reader.get(RoomsMaps.receipts, TupleKey(room, position, user))
                case .readPrivate: try reader.get(RoomsMaps.privateRead, TupleKey(room, user, position))
                }
            return receipt.map { (kind, $0) }
        }
    }

    /// Those of the rooms in which a private receipt of the user's was set after a position.
    package func roomsWithPrivateReceipts(
        of user: UserID, in rooms: [ShortRoomID], after position: Position
    ) throws -> [ShortRoomID] {
        let newest = try reader.get(RoomsMaps.lastPrivateRead, all: rooms.map { TupleKey($0, user) })
        return zip(rooms, newest).compactMap { room, newest in newest.map { $0 > position } ?? false ? room : nil }
    }
}
