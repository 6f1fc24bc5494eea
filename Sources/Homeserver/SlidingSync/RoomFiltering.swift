import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// Says which rooms a list's filter leaves in it. What a filter doesn't ask for isn't read.
struct RoomFiltering {
    private let view: RoomsView
    private let accountsView: AccountsView
    private let user: UserID
    private let facts: RoomFacts

    init(_ capture: SyncCapture, _ facts: RoomFacts) {
        view = RoomsView(capture.rooms)
        accountsView = AccountsView(capture.accounts)
        user = capture.requester.userID
        self.facts = facts
    }

    /// The rooms of a list, in their order.
    func rooms(of list: RoomList, among all: [UserRoomList.Entry]) throws -> [UserRoomList.Entry] {
        var rooms = all
        let filter = list.filter
        if let isInvite = filter.isInvite {
            rooms.removeAll { room in
                if case .invited = room.standing { !isInvite } else { isInvite }
            }
        }
        if let isDirect = filter.isDirect {
            let direct = try view.shortIDs(of: DirectRooms(of: user, in: accountsView).ids)
            rooms.removeAll { direct.contains($0.room) != isDirect }
        }
        if filter.tags != nil || filter.notTags != nil {
            let tags = try tagsByRoom()
            rooms.removeAll { room in
                let own = tags[room.room] ?? []
                return filter.notTags.map { !$0.isDisjoint(with: own) } ?? false || filter.tags.map { $0.isDisjoint(with: own) } ?? false
            }
        }
        if let isEncrypted = filter.isEncrypted { rooms = try self.rooms(rooms, encrypted: isEncrypted) }
        if filter.roomTypes != nil || filter.notRoomTypes != nil {
            rooms = try rooms.filter { room in
                guard let type = try roomType(of: room) else { return false }
                return !(filter.notRoomTypes?.contains(type) ?? false) && filter.roomTypes?.contains(type) ?? true
            }
        }
        if list.wishes.requiredState.needsMembers(notOn: user.serverName) {
            rooms = try zip(rooms, view.arePartial(rooms.map(\.room))).filter { !$1 }.map(\.0)
        }
        return rooms
    }

    /// The tags that the user has given to rooms.
    private func tagsByRoom() throws -> [ShortRoomID: Set<String>] {
        var tags: [ShortRoomID: Set<String>] = [:]
        for (room, type, content) in try accountsView.accountData(of: user, after: .zero) where type == AccountDataType.tag {
            guard let room = try room.flatMap({ try view.shortID(of: $0) }) else { continue }
            tags[room] = Set(try JSONValue(parsing: content).objectValue?["tags"]?.objectValue?.keys ?? [])
        }
        return tags
    }

    /// Rooms of which it isn't known fit neither way.
    private func rooms(_ rooms: [UserRoomList.Entry], encrypted isWanted: Bool) throws -> [UserRoomList.Entry] {
        let current = try view.currentEventIDs(.encryption, in: rooms.map(\.room))
        return try rooms.indices.filter { index in
            switch rooms[index].standing {
            case .invited(let stripped), .knocked(let stripped):
                let events = try StrippedEvents(of: stripped)
                guard events.content(EventType.roomCreate) != nil else { return false }
                return (events.content(EventType.roomEncryption) != nil) == isWanted
            case .joined, .left, .stranger:
                return (current[index] != nil) == isWanted
            }
        }.map { rooms[$0] }
    }

    /// The room's type, nil in it for none; nil when that isn't known.
    private func roomType(of room: UserRoomList.Entry) throws -> String?? {
        switch room.standing {
        case .invited(let stripped), .knocked(let stripped):
            guard let create = try StrippedEvents(of: stripped).content(EventType.roomCreate) else { return nil }
            return .some(create["type"]?.stringValue)
        case .joined, .left, .stranger:
            return try facts.roomType(of: room.room, in: view)
        }
    }
}
