import CanonicalJSON
import MatrixProtocol

/// What a client has put together of a room.
struct KnownRoom: Sendable {
    /// The section of the answers in which the room stood last.
    enum Section: String, Sendable {
        case join, invite, knock, leave
    }

    /// What a receipt is known by.
    struct ReceiptKey: Hashable, Sendable {
        let kind: String
        let user: String
        /// Empty for the whole room.
        let thread: String
    }

    var section: Section?
    /// The IDs of the events of the timeline.
    var events: [String] = []
    /// Whether these are all that the user may see and the client wants.
    var isWhole = false
    /// The IDs of the state's events.
    var state: [StateKey: String] = [:]
    /// Whether all of the state was told.
    var hasState = false
    /// Who has sent the events of the timelines that were told.
    var senders: Set<String> = []
    /// Messages, and whether they were seen redacted.
    var messages: [String: Bool] = [:]
    var accountData: [String: JSONValue] = [:]
    var receipts: [ReceiptKey: String] = [:]
    var typing: Set<String> = []
    /// Unread events: those that notify, and those that stand out; by the threads' roots, with an empty name for the rest.
    var unread: [String: [Int64]] = [:]
    var joinedCount: Int64?
    var invitedCount: Int64?

    /// Takes in state events.
    mutating func takeState(_ events: [JSONValue]) {
        for event in events {
            guard let type = event["type"]?.stringValue, let key = event["state_key"]?.stringValue else { continue }
            state[StateKey(type, key)] = event["event_id"]?.stringValue
        }
    }

    /// Takes note of what events say of messages.
    mutating func takeMessages(_ events: [JSONValue]) {
        for event in events {
            guard let id = event["event_id"]?.stringValue else { continue }
            if event["type"] == "m.room.message" { messages[id] = event["content", "body"] == nil }
        }
        for event in events where event["type"] == "m.room.redaction" {
            if let target = (event["content", "redacts"] ?? event["redacts"])?.stringValue, messages[target] != nil {
                messages[target] = true
            }
        }
    }

    /// Takes in what passes by.
    mutating func takeEphemeral(_ events: [JSONValue]) {
        for event in events {
            if event["type"] == "m.typing" { typing = Set(event["content", "user_ids"]?.strings ?? []) }
            guard event["type"] == "m.receipt" else { continue }
            for (id, kinds) in event["content"]?.objectValue ?? [:] {
                for (kind, users) in kinds.objectValue ?? [:] {
                    for (user, receipt) in users.objectValue ?? [:] {
                        let thread = receipt["thread_id"]?.stringValue ?? ""
                        receipts[ReceiptKey(kind: kind, user: user, thread: thread)] = id
                    }
                }
            }
        }
    }

    mutating func takeAccountData(_ events: [JSONValue]) {
        for event in events {
            if let type = event["type"]?.stringValue { accountData[type] = event["content"] }
        }
    }

    mutating func takeSummary(_ summary: JSONValue?) {
        joinedCount = summary?["m.joined_member_count"]?.integerValue ?? joinedCount
        invitedCount = summary?["m.invited_member_count"]?.integerValue ?? invitedCount
    }
}

extension [JSONValue] {
    /// The events' IDs.
    var eventIDs: [String] { compactMap { $0["event_id"]?.stringValue } }
}
