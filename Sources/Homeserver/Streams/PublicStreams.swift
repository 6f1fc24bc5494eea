import AccountsDatabase
import Crypto
import MatrixProtocol
import RoomsDatabase
import Store
import TransitoryDatabase

/// Streams that other programs use: those that are known by a secret, and those that belong to a Matrix room.
package final class PublicStreams: Sendable {
    let streams: Streams
    let rooms: RoomsDatabase
    let accounts: AccountsDatabase
    let notifier: Notifier
    let environment: Environment
    let settings: StreamsSettings
    private let creations: RateLimit<String>?
    private let sends: RateLimit<String>?

    /// The length of the secret that a stream is known by: letters and digits, of which 22 have more than 128 bits.
    private static let secretLength = 32

    init(
        streams: Streams, rooms: RoomsDatabase, accounts: AccountsDatabase, notifier: Notifier, environment: Environment,
        settings: StreamsSettings, limitsRates: Bool
    ) {
        self.streams = streams
        self.rooms = rooms
        self.accounts = accounts
        self.notifier = notifier
        self.environment = environment
        self.settings = settings
        creations = limitsRates ? RateLimit(burst: 100, perSecond: 0.1, clock: environment.clock) : nil
        sends = limitsRates ? RateLimit(burst: 1000, perSecond: 200, clock: environment.clock) : nil
    }

    /// Makes a public stream.
    ///
    /// - Parameters:
    ///   - requester: who asks; nil for a stranger.
    ///   - address: where the request comes from.
    /// - Returns: the secret by which the stream is known.
    /// - Throws: `M_FORBIDDEN` where nobody may, `M_MISSING_TOKEN` for strangers and `M_GUEST_ACCESS_FORBIDDEN` for guests where users may,
    ///   `M_LIMIT_EXCEEDED`.
    package func newRoom(for requester: Requester?, from address: String?) async throws -> String {
        switch settings.newRooms {
        case .open: break
        case .users: if requester == nil { throw MatrixError(.missingToken, "Only this server's users may make streams") }
        case .off: throw MatrixError(.forbidden, "Nobody may make streams on this server")
        }
        if let requester, requester.isGuest {
            throw MatrixError(.guestAccessForbidden, "Guests may not make streams")
        }
        try creations?.use(by: requester?.userID.string ?? address ?? "")
        let secret = environment.random.alphanumeric(Self.secretLength)
        try await streams.create(Self.scope(ofRoom: secret), lifetime: settings.lifetimeMilliseconds)
        return secret
    }

    /// The public stream that is known by a secret.
    ///
    /// - Throws: `M_NOT_FOUND` if there is none, or none any more.
    package func room(_ secret: String) throws -> StreamRoom {
        let scope = Self.scope(ofRoom: secret)
        guard try streams.exists(scope) else { throw MatrixError(.notFound, "There is no such stream") }
        return StreamRoom(scope: scope, member: nil, streams: self)
    }

    /// A Matrix room's stream.
    ///
    /// - Throws: `M_FORBIDDEN` if the requester is not joined to the room.
    package func matrixRoom(_ id: RoomID, for requester: Requester) throws -> StreamRoom {
        let room = StreamRoom(
            scope: Scope(.stream, [ScopeKind.matrixRoom.rawValue] + Array(id.string.utf8)),
            member: StreamRoom.Member(room: id, requester: requester), streams: self)
        try room.checkMembership()
        return room
    }

    /// Counts one more request that sends to a stream.
    ///
    /// - Parameter bytes: the message's size.
    /// - Throws: `M_LIMIT_EXCEEDED` when they come too often.
    package func countSend(_ bytes: Int, from address: String?) throws {
        try sends?.use(by: address ?? "", times: Self.weight(ofMessage: bytes))
    }

    /// For how many messages one of so many bytes counts: what is large costs disk and the others' time.
    package static func weight(ofMessage bytes: Int) -> Int { 1 + bytes / (32 << 10) }

    /// The first byte of a stream's ID. The numbers are stored.
    private enum ScopeKind: UInt8 {
        /// What follows is the SHA-256 of the secret: whoever sees the database doesn't learn the secret.
        case secret = 0
        /// What follows is the room's ID.
        case matrixRoom = 1
    }

    private static func scope(ofRoom secret: String) -> Scope {
        Scope(.stream, [ScopeKind.secret.rawValue] + Array(SHA256.hash(data: Array(secret.utf8))))
    }
}
