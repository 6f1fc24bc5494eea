import MatrixProtocol
import Store

/// The identifiers as the three databases keep them: as a key or a value of their own they are their text, in a tuple a string.
///
/// What is stored was checked before, perhaps by a grammar that has changed since, so reading back checks nothing.
extension Identifier where Self: StoreCodable {
    package var encoded: [UInt8] { Array(string.utf8) }

    package init(encoded bytes: [UInt8]) throws {
        self.init(trusted: try String(encoded: bytes))
    }

    package static var readableForm: ReadableForm { .text(ReadableForm.words(of: Self.self)) }

    package var readable: ReadableValue { .text(string) }

    package init(readable: ReadableValue) throws {
        guard case .text(let text) = readable else { throw ReadableFormError(expected: Self.readableForm) }
        self.init(trusted: text)
    }
}

extension Identifier where Self: TupleCodable {
    package func encode(to bytes: inout [UInt8]) {
        string.encode(to: &bytes)
    }

    package init(from decoder: inout TupleDecoder) throws(TupleError) {
        self.init(trusted: try String(from: &decoder))
    }
}

extension UserID: StoreCodable, TupleCodable {}
extension RoomID: StoreCodable, TupleCodable {}
extension EventID: StoreCodable, TupleCodable {}
extension RoomAlias: StoreCodable, TupleCodable {}
extension ServerName: StoreCodable, TupleCodable {}

extension Scope {
    /// What concerns one user.
    package static func user(_ user: UserID) -> Scope { Scope(.user, user.encoded) }

    /// What concerns those who encrypt for a user: the user's devices and their keys.
    package static func deviceList(_ user: UserID) -> Scope { Scope(.deviceList, user.encoded) }

    /// What concerns those who see whether a user is there.
    package static func presence(_ user: UserID) -> Scope { Scope(.presence, user.encoded) }
}
