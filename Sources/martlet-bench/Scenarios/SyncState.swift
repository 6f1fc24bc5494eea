import CanonicalJSON

/// What `sync --prepare` leaves for `sync --measure`: a file, so that the servers can be started anew in between. It holds access tokens.
struct SyncState: Sendable {
    struct User: Sendable {
        let userID: String
        let accessToken: String
    }

    struct Room: Sendable {
        let roomID: String
        /// Who sends to it.
        let owner: User
    }

    struct PreparedSide: Sendable {
        let name: String
        let baseURL: String
        /// Who has joined all rooms and has never synced.
        let accounts: [User]
        let rooms: [Room]
        /// How often the accounts have been synced since.
        var measurements: Int = 0
    }

    /// What the rooms are like.
    let settings: [Setting]
    var sides: [PreparedSide]

    /// The file holds something else.
    struct FormatError: Error, CustomStringConvertible {
        let path: String

        var description: String { "\(path) is not a file that sync --prepare has written" }
    }
}

extension SyncState {
    init(readingFrom path: String) throws {
        guard let text = readFile(path), let state = SyncState(json: try JSONValue(parsing: Array(text.utf8))) else {
            throw FormatError(path: path)
        }
        self = state
    }

    func write(to path: String) throws {
        try writeFile(path, json.encoded())
    }

    private init?(json: JSONValue) {
        guard let object = json.objectValue, let settings = object["settings"]?.objectValue, let sides = object["sides"]?.arrayValue else {
            return nil
        }
        self.settings = settings.compactMap { name, value in value.stringValue.map { Setting(name, $0) } }
        self.sides = sides.compactMap(PreparedSide.init(json:))
    }

    private var json: JSONValue {
        var settings = JSONObject()
        for setting in self.settings {
            settings[setting.name] = .string(setting.value)
        }
        return ["settings": .object(settings), "sides": .array(sides.map(\.json))]
    }
}

extension SyncState.User {
    fileprivate init?(json: JSONValue?) {
        guard let object = json?.objectValue, let userID = object["user_id"]?.stringValue, let token = object["access_token"]?.stringValue
        else {
            return nil
        }
        self.init(userID: userID, accessToken: token)
    }

    fileprivate var json: JSONValue { ["user_id": .string(userID), "access_token": .string(accessToken)] }
}

extension SyncState.Room {
    fileprivate init?(json: JSONValue) {
        guard let object = json.objectValue, let roomID = object["room_id"]?.stringValue, let owner = SyncState.User(json: object["owner"])
        else {
            return nil
        }
        self.init(roomID: roomID, owner: owner)
    }

    fileprivate var json: JSONValue { ["room_id": .string(roomID), "owner": owner.json] }
}

extension SyncState.PreparedSide {
    fileprivate init?(json: JSONValue) {
        guard let object = json.objectValue, let name = object["name"]?.stringValue, let url = object["url"]?.stringValue,
            let accounts = object["accounts"]?.arrayValue, let rooms = object["rooms"]?.arrayValue,
            let measurements = object["measurements"]?.integerValue
        else { return nil }
        self.init(
            name: name, baseURL: url, accounts: accounts.compactMap { SyncState.User(json: $0) },
            rooms: rooms.compactMap(SyncState.Room.init(json:)),
            measurements: Int(measurements))
    }

    fileprivate var json: JSONValue {
        [
            "name": .string(name), "url": .string(baseURL), "measurements": .integer(Int64(measurements)),
            "accounts": .array(accounts.map(\.json)), "rooms": .array(rooms.map(\.json)),
        ]
    }
}
