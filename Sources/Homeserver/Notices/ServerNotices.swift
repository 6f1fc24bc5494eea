import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// What is configured for notices of the server to its users.
package struct ServerNoticesSettings: Sendable {
    /// Who sends them: a user of this server whom nobody can log in as.
    package var user: UserID
    package var displayName: String
    package var avatarURL: String?
    /// What the rooms are called.
    package var roomName: String

    package init(user: UserID, displayName: String = "Server Notices", avatarURL: String? = nil, roomName: String = "Server Notices") {
        self.user = user
        self.displayName = displayName
        self.avatarURL = avatarURL
        self.roomName = roomName
    }
}

/// Messages of the server's administrators to single users ("Server Notices"), each in the user's own room.
///
/// The room is remembered in the account data of the user who sends the notices, by its recipient. It is remembered before anybody is invited, so that
/// a user has one room, whatever fails.
package final class ServerNotices: Sendable {
    private let settings: ServerNoticesSettings?
    private let accounts: Accounts
    private let rooms: Rooms
    private let profiles: Profiles
    /// Rooms are made one after the other.
    private let making = ConcurrencyLimit(running: 1, waiting: 1000)

    /// The tag by which clients know the room.
    package static let tag = "m.server_notice"
    private static let defaultType = EventType.roomMessage

    /// - Parameter settings: nil where there are no notices.
    init(settings: ServerNoticesSettings?, accounts: Accounts, rooms: Rooms, profiles: Profiles) {
        self.settings = settings
        self.accounts = accounts
        self.rooms = rooms
        self.profiles = profiles
    }

    /// Sees to it that the user who sends the notices is there, and looks as configured.
    func begin() async throws {
        guard let settings else { return }
        let sender = Requester(userID: settings.user, deviceID: nil)
        if try !accounts.exists(settings.user) {
            _ = try await accounts.createAccount(of: settings.user, password: nil, flags: [], device: nil, ending: nil)
        }
        let profile: [String: String?] = [ProfileField.displayName: settings.displayName, ProfileField.avatarURL: settings.avatarURL]
        for (field, value) in profile {
            try await profiles.set(field, to: value.map { .string($0) }, of: settings.user, by: sender)
        }
    }

    /// A notice as an administrator asks for it (`POST /_synapse/admin/v1/send_server_notice`).
    package struct Request: Sendable {
        let user: UserID
        let type: String
        let stateKey: String?
        let content: JSONObject
        /// Names the request among the administrator's, so that it is carried out once; nil for one that isn't repeated.
        fileprivate(set) var transactionID: String?

        package init(to user: UserID, type: String?, stateKey: String?, content: JSONObject, transactionID: String?) {
            self.user = user
            self.type = type ?? ServerNotices.defaultType
            self.stateKey = stateKey
            self.content = content
            self.transactionID = transactionID
        }
    }

    /// Sends a notice for an administrator.
    ///
    /// - Throws: `M_FORBIDDEN` for who is none; what `send` throws.
    package func send(_ request: Request, by requester: Requester) async throws -> EventID {
        guard requester.isAdmin else { throw MatrixError(.forbidden, "You are not an administrator of this server") }
        var request = request
        // Each administrator has transactions of their own.
        request.transactionID = request.transactionID.map { "\(requester.userID) \($0)" }
        return try await send(request)
    }

    /// Sends a notice.
    ///
    /// - Throws: `M_UNKNOWN` where there are no notices and for users of other servers, `M_NOT_FOUND`; what sending an event throws.
    package func send(_ request: Request) async throws -> EventID {
        guard let settings else { throw MatrixError(.unknown, "Server notices are not enabled on this server", status: 400) }
        guard request.user.isOn(rooms.serverName) else {
            throw MatrixError(.unknown, "Server notices can be sent to users of this server only", status: 400)
        }
        guard let account = try accounts.database.view().account(of: request.user), !account.flags.contains(.deactivated) else {
            throw MatrixError(.notFound, "There is no such user")
        }
        let room = try await making.run { try await self.room(of: request.user, settings) }
        let sender = Requester(userID: settings.user, deviceID: nil)
        if let key = request.stateKey {
            return try await rooms.setState(StateKey(request.type, key), request.content, in: room, by: sender)
        }
        let transaction = request.transactionID ?? accounts.environment.random.alphanumeric(16)
        return try await rooms.send(request.type, request.content, to: room, transactionID: transaction, by: sender)
    }

    // MARK: - Rooms

    /// The room of a user, who is in it or invited after that.
    private func room(of user: UserID, _ settings: ServerNoticesSettings) async throws -> RoomID {
        let sender = Requester(userID: settings.user, deviceID: nil)
        let room: RoomID
        if let known = try knownRoom(of: user, settings) {
            room = known
        } else {
            room = try await makeRoom(settings, by: sender)
            let content: JSONObject = ["room_id": .string(room.string)]
            try await accounts.database.setAccountData(of: settings.user, in: nil, type: Self.dataType(of: user), to: content.encoded())
        }
        guard let shortID = try rooms.database.room(room)?.shortID else { throw Rooms.unknownRoom(room) }
        switch try rooms.database.view().standing(of: user, in: shortID) {
        case .joined, .invited: break
        case .knocked, .left, .stranger:
            // The client is to know what room it is as soon as it knows of it.
            try await accounts.setTag(Self.tag, of: user, on: room, to: [:], for: Requester(userID: user, deviceID: nil))
            try await rooms.inviteToNotices(user, to: room, by: sender)
        }
        return room
    }

    /// The room that was made for a user before.
    private func knownRoom(of user: UserID, _ settings: ServerNoticesSettings) throws -> RoomID? {
        let content = try accounts.database.view().accountData(of: settings.user, in: nil, type: Self.dataType(of: user))
        guard let content, let id = try JSONFields(scanning: content).string("room_id").flatMap(RoomID.init),
            let room = try rooms.database.room(id), try rooms.database.view().isJoined(settings.user, to: room.shortID)
        else { return nil }
        return id
    }

    /// Where it is kept which room is a user's.
    private static func dataType(of user: UserID) -> String { "martlet.notices_room.\(user)" }

    private func makeRoom(_ settings: ServerNoticesSettings, by sender: Requester) async throws -> RoomID {
        var request = CreateRoomRequest()
        request.preset = .privateChat
        request.name = settings.roomName
        if let avatarURL = settings.avatarURL { request.initialState = [(.avatar, ["url": .string(avatarURL)])] }
        // Nobody but the server speaks there.
        request.powerLevelOverride = ["users_default": -10]
        return try await rooms.create(request, by: sender)
    }
}

extension Rooms {
    /// Invites a user to the room of the server's notices, also one who wants no invites.
    fileprivate func inviteToNotices(_ user: UserID, to roomID: RoomID, by sender: Requester) async throws {
        let room = try room(roomID)
        _ = try await commit { [signingKey] commit in
            var content = JSONObject.membership(.invite)
            content.addProfile(try commit.view.profile(of: user))
            return try commit.send(.member(user, content, in: room, by: sender.userID), in: room, signingKey: signingKey)
        }
    }

    /// Checks that a user who leaves a room doesn't turn down an invite to the server's notices.
    ///
    /// - Throws: `M_CANNOT_LEAVE_SERVER_NOTICE_ROOM`.
    func checkMayLeave(_ room: Room, _ user: UserID) throws {
        guard let noticesUser, room.create.sender == noticesUser, case .invited = try database.view().standing(of: user, in: room.shortID)
        else { return }
        throw MatrixError(.cannotLeaveServerNoticeRoom, "You can't turn down an invite to the notices of this server")
    }
}
