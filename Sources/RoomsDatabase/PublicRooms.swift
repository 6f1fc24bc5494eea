import MatrixProtocol
import Store
import StoredIdentifiers

/// A listed room's place in the public directory: by the number of its members, the largest first.
package struct PublicRoomPlace: Sendable, Hashable {
    package let room: ShortRoomID
    package let joinedCount: Int

    /// - Parameter joinedCount: not negative.
    package init(room: ShortRoomID, joinedCount: Int) {
        self.room = room
        self.joinedCount = joinedCount
    }

    fileprivate init(_ key: Key) {
        self.init(room: key.parts.1, joinedCount: Int(clamping: key.parts.0.magnitude))
    }

    fileprivate var key: Key { Key(-Int64(joinedCount), room) }

    /// The number of members, negative, and the room.
    package typealias Key = FixedKey<Int64, ShortRoomID>
}

/// The rooms of the public directory, from a place on.
package struct PublicRoomPlaces: ~Copyable {
    private var entries: Domain<PublicRoomPlace.Key, Empty>

    fileprivate init(_ entries: consuming Domain<PublicRoomPlace.Key, Empty>) {
        self.entries = entries
    }

    /// The next one; nil at the end.
    package mutating func next() throws -> PublicRoomPlace? {
        try entries.next().map { PublicRoomPlace($0.key) }
    }
}

extension RoomsView {
    /// Whether the room is in the public directory.
    package func isPublic(_ room: ShortRoomID) throws -> Bool {
        try reader.contains(RoomsMaps.publicRooms, room)
    }

    /// The listed rooms that somebody is joined to: those after a place, or all.
    package func publicRooms(after place: PublicRoomPlace?) throws -> PublicRoomPlaces {
        PublicRoomPlaces(try reader.domain(RoomsMaps.publicRoomsBySize, place.map { KeyRange.all.from($0.key.encoded + [0]) } ?? .all))
    }

    /// The listed rooms that somebody is joined to, the smallest first: those up to a place, itself included if `includesPlace` says so.
    package func publicRooms(before place: PublicRoomPlace, includingIt includesPlace: Bool) throws -> PublicRoomPlaces {
        let end = place.key.encoded + (includesPlace ? [0] : [])
        return PublicRoomPlaces(try reader.domain(RoomsMaps.publicRoomsBySize, KeyRange.all.below(end), .backward))
    }

    /// How many listed rooms there are that somebody is joined to.
    package func publicRoomCount() throws -> Int {
        try reader.get(CommonMaps.global, RoomsGlobalKey.publicRoomCount).map { Int(try UInt64(encoded: $0)) } ?? 0
    }
}

extension RoomsCommit {
    /// Puts a room into the public directory, or takes it out.
    package func setPublic(_ isPublic: Bool, _ room: ShortRoomID) throws {
        guard try view.isPublic(room) != isPublic else { return }
        let count = try joinedCount(of: room)
        if isPublic {
            commit.put(RoomsMaps.publicRooms, room, Empty())
            try moveInDirectory(room, from: 0, to: count)
        } else {
            commit.delete(RoomsMaps.publicRooms, room)
            try moveInDirectory(room, from: count, to: 0)
        }
    }

    /// Takes a listed room from one place to another; it has none with no members.
    func moveInDirectory(_ room: ShortRoomID, from before: Int, to after: Int) throws {
        if before > 0 { commit.delete(RoomsMaps.publicRoomsBySize, PublicRoomPlace(room: room, joinedCount: before).key) }
        if after > 0 { commit.put(RoomsMaps.publicRoomsBySize, PublicRoomPlace(room: room, joinedCount: after).key, Empty()) }
        guard (before > 0) != (after > 0) else { return }
        let count = Int64(try view.publicRoomCount()) + (after > 0 ? 1 : -1)
        commit.put(CommonMaps.global, RoomsGlobalKey.publicRoomCount, UInt64(max(0, count)).encoded)
    }
}
