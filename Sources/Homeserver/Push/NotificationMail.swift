import CanonicalJSON
import MatrixProtocol
import RoomsDatabase
import Store

/// The message that tells somebody by email of what is unread.
struct NotificationMail {
    /// What is unread of a room.
    struct Room {
        /// What the room is called; nil for one without a name.
        var name: String?
        private(set) var count = 0
        /// When the oldest event was made, in milliseconds since 1970.
        private(set) var oldest: Int64?
        /// The newest events, the newest first: who did what.
        fileprivate private(set) var lines: [String] = []

        /// Adds an event that is older than the ones before.
        mutating func add(_ event: StoredEvent, in room: RoomNotifications) throws {
            let fields = try JSONFields(scanning: event.json)
            count += 1
            let made = fields.integer("origin_server_ts") ?? 0
            oldest = min(oldest ?? made, made)
            guard lines.count < NotificationMail.linesPerRoomMax else { return }
            let sender = fields.string("sender") ?? ""
            let name = try room.facts.displayName(of: UserID(trusted: sender)) ?? sender
            let content = try fields.slice("content").flatMap { try JSONValue(parsing: $0).objectValue } ?? [:]
            let text =
                switch fields.string("type") {
                case EventType.roomMember where content["membership"] == "invite": " invites you"
                case EventType.roomEncrypted: " has sent an encrypted message"
                default: content["body"]?.stringValue.map { ": " + NotificationMail.line($0) } ?? " has done something"
                }
            lines.append(NotificationMail.line(name) + text)
        }
    }

    private let rooms: [Room]
    private let server: ServerName

    private static let roomsMax = 20
    fileprivate static let linesPerRoomMax = 5
    private static let lineLengthMax = 200

    init(_ rooms: [Room], on server: ServerName) {
        self.rooms = rooms
        self.server = server
    }

    /// - Parameter unsubscribeLink: by which the reader gets no more of these.
    func message(to address: String, unsubscribeLink: String) -> MailMessage {
        let count = rooms.reduce(0) { $0 + $1.count }
        let told = rooms.prefix(Self.roomsMax).map { room in
            let name = room.name.map(Self.line) ?? "A room without a name"
            let more = room.count > room.lines.count ? ["  and \(room.count - room.lines.count) more before"] : []
            return ([name] + more + room.lines.reversed().map { "  \($0)" }).joined(separator: "\n")
        }
        let others = rooms.count > told.count ? ["And \(rooms.count - told.count) more rooms"] : []
        let text = """
            Hello,

            this came for you on \(server), and you have not read it yet:

            \((told + others).joined(separator: "\n\n"))

            If you don't want such messages, turn them off in the settings of your Matrix client, or here:

            \(unsubscribeLink)
            """
        return MailMessage(
            to: address, subject: "\(count) unread \(count == 1 ? "message" : "messages") on \(server)", text: text,
            unsubscribeLink: unsubscribeLink)
    }

    /// A text in one line that is not too long.
    fileprivate static func line(_ text: String) -> String {
        let words = text.split { $0.isWhitespace || $0.unicodeScalars.contains { $0.properties.generalCategory == .control } }
        let line = words.joined(separator: " ")
        return line.count > lineLengthMax ? line.prefix(lineLengthMax) + "…" : line
    }
}
