import CBOR
import CanonicalJSON
import TransitoryDatabase

/// What a program is sent by a stream, in either format.
package enum StreamReply: Sendable, Equatable {
    case push(key: String, StreamMessage)
    /// Answers a `get`.
    case initial(key: String, [StreamMessage])
    /// Tells who has pushed how many messages the key then has.
    case size(key: String, UInt64)
    case pong(nonce: UInt64?)
    case error(String)

    /// The message as it is sent.
    ///
    /// - Throws: `StoreError.undecodable` if what is kept is damaged.
    package func encoded(in format: StreamFormat) throws -> [UInt8] {
        switch format {
        case .json: try json()
        case .cbor: try cbor()
        }
    }

    private func json() throws -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.key("type")
        switch self {
        case .push(let key, let message):
            writer.string("push")
            writer.key("key")
            writer.string(key)
            try Self.write(message, to: &writer)
        case .initial(let key, let messages):
            writer.string("init")
            writer.key("key")
            writer.string(key)
            writer.key("data")
            writer.beginArray()
            for message in messages {
                writer.beginObject()
                try Self.write(message, to: &writer)
                writer.endObject()
            }
            writer.endArray()
        case .size(let key, let size):
            writer.string("stream_size")
            writer.key("key")
            writer.string(key)
            writer.key("size")
            writer.integer(Int64(size))
        case .pong(let nonce):
            writer.string("pong")
            writer.key("nonce")
            if let nonce { writer.raw(Array("\(nonce)".utf8)) } else { writer.null() }
        case .error(let message):
            writer.string("error")
            writer.key("message")
            writer.string(message)
        }
        writer.endObject()
        return writer.bytes
    }

    private static func write(_ message: StreamMessage, to writer: inout JSONWriter) throws {
        let value = try StreamValue(stored: message.value)
        writer.key("value")
        writer.raw(value.bytes(in: .json))
        writer.key("seq")
        writer.integer(Int64(message.sequence))
        guard let sender = value.sender else { return }
        writer.key("sender")
        writer.string(sender.string)
    }

    private func cbor() throws -> [UInt8] {
        var writer = CBORWriter()
        switch self {
        case .push(let key, let message):
            let value = try StreamValue(stored: message.value)
            Self.begin(value.sender == nil ? 4 : 5, "push", key, &writer)
            Self.write(value, message.sequence, to: &writer)
        case .initial(let key, let messages):
            Self.begin(3, "init", key, &writer)
            writer.text("data")
            writer.beginArray(messages.count)
            for message in messages {
                let value = try StreamValue(stored: message.value)
                writer.beginMap(value.sender == nil ? 2 : 3)
                Self.write(value, message.sequence, to: &writer)
            }
        case .size(let key, let size):
            Self.begin(3, "stream_size", key, &writer)
            writer.text("size")
            writer.unsigned(size)
        case .pong(let nonce):
            Self.begin(2, "pong", nil, &writer)
            writer.text("nonce")
            if let nonce { writer.unsigned(nonce) } else { writer.null() }
        case .error(let message):
            Self.begin(2, "error", nil, &writer)
            writer.text("message")
            writer.text(message)
        }
        return writer.bytes
    }

    private static func begin(_ count: Int, _ type: String, _ key: String?, _ writer: inout CBORWriter) {
        writer.beginMap(count)
        writer.text("type")
        writer.text(type)
        guard let key else { return }
        writer.text("key")
        writer.text(key)
    }

    private static func write(_ value: StreamValue, _ sequence: UInt64, to writer: inout CBORWriter) {
        writer.text("value")
        writer.raw(value.bytes(in: .cbor))
        writer.text("seq")
        writer.unsigned(sequence)
        guard let sender = value.sender else { return }
        writer.text("sender")
        writer.text(sender.string)
    }
}
