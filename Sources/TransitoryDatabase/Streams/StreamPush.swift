/// What somebody sends to a scope's stream.
package struct StreamPush: Sendable, Hashable {
    /// What a push does beside being given a number.
    package enum Action: Sendable, Hashable {
        /// It is sent to everybody, and kept behind what the key has.
        case append
        /// It is sent to everybody, and not kept.
        case relay
        /// It is sent to everybody, and kept in place of all that the key has.
        case replace
        /// It is sent to nobody. It is kept in place of what the key has up to this number, which becomes its own; without a value, that is
        /// only deleted. When the key was compacted up to that number or a later one before, nothing happens.
        case compact(UInt64)
    }

    /// What it is about: messages of a key are replayed together.
    package let key: String
    /// The message; only a compaction may lack one.
    package let value: [UInt8]?
    package let action: Action

    /// Whether its value is kept.
    package var isKept: Bool { value != nil && action != .relay }

    package init(key: String, value: [UInt8]?, action: Action) {
        self.key = key
        self.value = value
        self.action = action
    }
}

/// A message of a stream.
package struct StreamMessage: Sendable, Hashable {
    /// Its number in its scope; the first one is 1.
    package let sequence: UInt64
    package let value: [UInt8]

    package init(sequence: UInt64, value: [UInt8]) {
        self.sequence = sequence
        self.value = value
    }
}

/// What became of a push.
package struct StreamPushOutcome: Sendable, Hashable {
    /// The message's number; nil for a compaction.
    package let sequence: UInt64?
    /// How many messages the key then has.
    package let size: UInt64

    package init(sequence: UInt64?, size: UInt64) {
        self.sequence = sequence
        self.size = size
    }
}

/// Something that has happened in a scope, as those are told who are subscribed to it.
package struct StreamNews: Sendable, Hashable {
    package let key: String
    /// The message that goes to everybody; nil when the key was compacted.
    package let message: StreamMessage?
    /// Whether what the key has is different now.
    package let isKept: Bool
}

/// Why a push is refused, in words for whoever has sent it.
package enum StreamError: Error, Equatable, CustomStringConvertible {
    /// Nobody has made the scope, or it has expired.
    case unknownScope
    case missingValue
    case valueTooLarge(maxBytes: Int)
    case keyTooLong(maxBytes: Int)
    case tooManyKeys(max: UInt64)
    case streamTooLong(key: String, max: UInt64)
    case streamFull(key: String, maxBytes: UInt64)
    case scopeFull(maxBytes: UInt64)
    /// A compaction up to a number that no message has yet.
    case sequenceAhead(UInt64, last: UInt64)

    package var description: String {
        switch self {
        case .unknownScope: "There is no such stream"
        case .missingValue: "A push needs a value"
        case .valueTooLarge(let max): "The value is larger than \(max) bytes"
        case .keyTooLong(let max): "The key is longer than \(max) bytes"
        case .tooManyKeys(let max): "The stream has \(max) keys, which is the most"
        case .streamTooLong(let key, let max): "The key \"\(key)\" has \(max) messages, which is the most: compact it"
        case .streamFull(let key, let max): "The key \"\(key)\" has messages of \(max) bytes, which is the most: compact it"
        case .scopeFull(let max): "The stream's messages have \(max) bytes, which is the most: compact them"
        case .sequenceAhead(let sequence, let last): "No message has the number \(sequence) yet; the last one is \(last)"
        }
    }
}
