import CBOR
import CanonicalJSON
import TransitoryDatabase

/// What a program sends to a stream, in either format.
package enum StreamRequest: Sendable {
    case push(StreamPush.Action, key: String, value: ArraySlice<UInt8>?)
    /// Asks for a key's messages after a number; without one, the program only wants to hear of the key.
    case get(key: String, after: UInt64?)
    case ping(nonce: UInt64?)

    package var isPush: Bool {
        if case .push = self { true } else { false }
    }

    /// How deep values may be nested.
    private static let depthMax = 128

    /// - Throws: `StreamRequestError`.
    package init(parsing bytes: ArraySlice<UInt8>, _ format: StreamFormat) throws(StreamRequestError) {
        switch format {
        case .json: try self.init(JSONMembers(bytes, depthMax: Self.depthMax))
        case .cbor: try self.init(CBORMembers(bytes, depthMax: Self.depthMax))
        }
    }

    private init(_ members: some StreamMembers) throws(StreamRequestError) {
        switch try members.text("type") {
        case "push":
            self = .push(try Self.action(members), key: try members.text("key"), value: members.present("value"))
        case "get":
            self = .get(key: try members.text("key"), after: members.has("seq") ? try members.optionalNumber("seq") : 0)
        case "ping":
            self = .ping(nonce: try members.optionalNumber("nonce"))
        case let other:
            throw .malformed("A message's type is push, get or ping, not \"\(other)\"")
        }
    }

    private static func action(_ members: some StreamMembers) throws(StreamRequestError) -> StreamPush.Action {
        let action = try members.object("action")
        switch try action.text("type") {
        case "append": return .append
        case "relay": return .relay
        case "replace": return .replace
        case "compact":
            guard let sequence = try action.optionalNumber("seq") else { throw .malformed("A compaction needs seq, a number") }
            return .compact(sequence)
        case let other:
            throw .malformed("An action's type is append, relay, replace or compact, not \"\(other)\"")
        }
    }
}

/// Why a program isn't understood, in words for whoever writes it.
package enum StreamRequestError: Error, Equatable, CustomStringConvertible {
    /// It is not of the format.
    case unreadable(String)
    /// It is, but no message.
    case malformed(String)

    package var description: String {
        switch self {
        case .unreadable(let reason), .malformed(let reason): reason
        }
    }
}

/// The members of a message or of its action, in one of the formats.
private protocol StreamMembers {
    init(_ bytes: ArraySlice<UInt8>, depthMax: Int) throws(StreamRequestError)
    /// The bytes of a member's value; nil if there is none.
    func bytes(_ name: String) -> ArraySlice<UInt8>?
    func isNull(_ value: ArraySlice<UInt8>) -> Bool
    func readText(_ value: ArraySlice<UInt8>) -> String?
    func readNumber(_ value: ArraySlice<UInt8>) -> UInt64?
}

extension StreamMembers {
    func has(_ name: String) -> Bool { bytes(name) != nil }

    /// The bytes of a member's value, if there is one and it isn't null.
    func present(_ name: String) -> ArraySlice<UInt8>? {
        bytes(name).flatMap { isNull($0) ? nil : $0 }
    }

    func text(_ name: String) throws(StreamRequestError) -> String {
        guard let text = bytes(name).flatMap(readText) else { throw .malformed("A message needs \(name), a text") }
        return text
    }

    func optionalNumber(_ name: String) throws(StreamRequestError) -> UInt64? {
        guard let value = present(name) else { return nil }
        guard let number = readNumber(value) else { throw .malformed("\(name) must be a number from 0 on, without a fraction") }
        return number
    }

    func object(_ name: String) throws(StreamRequestError) -> Self {
        guard let value = present(name), let members = try? Self(value, depthMax: 2) else {
            throw .malformed("A message needs \(name), an object")
        }
        return members
    }
}

private struct JSONMembers: StreamMembers {
    private let fields: JSONFields

    init(_ bytes: ArraySlice<UInt8>, depthMax: Int) throws(StreamRequestError) {
        do throws(JSONError) {
            fields = try JSONFields(scanning: bytes, limits: JSONLimits(depthMax: depthMax))
        } catch .notAnObject {
            throw .malformed("A message is an object")
        } catch {
            throw .unreadable(error.description)
        }
    }

    func bytes(_ name: String) -> ArraySlice<UInt8>? { fields.slice(name) }
    func isNull(_ value: ArraySlice<UInt8>) -> Bool { value.elementsEqual("null".utf8) }
    func readText(_ value: ArraySlice<UInt8>) -> String? { JSONReader.string(value) }
    func readNumber(_ value: ArraySlice<UInt8>) -> UInt64? { JSONReader.integer(value).flatMap { UInt64(exactly: $0) } }
}

private struct CBORMembers: StreamMembers {
    private let fields: CBORFields

    init(_ bytes: ArraySlice<UInt8>, depthMax: Int) throws(StreamRequestError) {
        do throws(CBORError) {
            fields = try CBORFields(scanning: bytes, depthMax: depthMax)
        } catch .notAMap {
            throw .malformed("A message is a map")
        } catch {
            throw .unreadable(error.description)
        }
    }

    func bytes(_ name: String) -> ArraySlice<UInt8>? { fields[name] }

    func isNull(_ value: ArraySlice<UInt8>) -> Bool {
        // null, undefined
        value.elementsEqual([0xf6]) || value.elementsEqual([0xf7])
    }

    func readText(_ value: ArraySlice<UInt8>) -> String? {
        if case .text(let text)? = try? CBORValue(parsing: value) { text } else { nil }
    }

    func readNumber(_ value: ArraySlice<UInt8>) -> UInt64? {
        switch try? CBORValue(parsing: value) {
        case .unsigned(let number): number
        // Some programs have no other numbers.
        case .float(let number): UInt64(exactly: number)
        default: nil
        }
    }
}
