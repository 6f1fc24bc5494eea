import CanonicalJSON
import Homeserver
import MatrixProtocol
import RoomsDatabase
import Store
import StoreTestSupport
import Synchronization
import TestSupport

@testable import Homeserver

/// The server of a simulation, the people and rooms on it, and what is known of what they have done.
final class SimulatedWorld: Sendable {
    let server: VirtualServer
    let people = ["alice", "bob", "carol", "dave"].map { UserID(trusted: "@\($0):example.org") }

    /// Until when somebody types, and up to where the rooms' history went at the beginning.
    struct TypingUser: Sendable {
        let end: Int64
        let position: Position
    }

    private struct State {
        var generator: SplitMix64
        var rooms: [RoomTruth] = []
        /// Numbers of messages to devices, by device and who sent them.
        var messages: [String: [String: [Int64]]] = [:]
        var typing: [RoomID: [UserID: TypingUser]] = [:]
        var lastNumber = 0
    }

    private let state: Mutex<State>

    init(_ server: VirtualServer, seed: UInt64) {
        self.server = server
        state = Mutex(State(generator: SplitMix64(seed: seed)))
    }

    var homeserver: Homeserver { server.homeserver }
    var rooms: Rooms { server.rooms }

    /// The user's device with which actions are done; clients have devices of their own.
    func requester(_ user: UserID) -> Requester { Requester(userID: user, deviceID: "DESK") }

    /// Logs a user in on one more device.
    func logIn(_ user: UserID, on device: String) async throws {
        let accounts = homeserver.accounts
        let login = LoginDevice(id: device).makeLogin(homeserver.environment, TokenLifetimes())
        try await accounts.database.logIn(user, as: accounts.account(of: requester(user)), login.kept, devicesMax: 1000)
    }

    // MARK: - Choices

    /// One of 0 ..< `count`.
    func choice(_ count: Int) -> Int {
        state.withLock { Int.random(in: 0..<count, using: &$0.generator) }
    }

    func isOnce(in count: Int) -> Bool { choice(count) == 0 }

    func one<Element>(of elements: [Element]) -> Element { elements[choice(elements.count)] }

    /// A number that nobody had before.
    func number() -> Int {
        state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
    }

    // MARK: - Rooms

    var roomIDs: [RoomID] { state.withLock { $0.rooms.map(\.id) } }

    func add(_ room: RoomID) {
        state.withLock { $0.rooms.append(RoomTruth(room)) }
    }

    /// What has happened in the rooms until now.
    func truth() throws -> [RoomTruth] {
        let view = rooms.database.view()
        return try state.withLock { state in
            for index in state.rooms.indices { try state.rooms[index].catchUp(view) }
            return state.rooms
        }
    }

    /// Who shares a room with a user, the user included.
    func sharing(with user: UserID, _ rooms: [RoomTruth], at position: Position) -> Set<UserID> {
        rooms.map { $0.members("join", at: position) }.filter { $0.contains(user.string) }.reduce(into: [user]) {
            $0.formUnion($1.map(UserID.init(trusted:)))
        }
    }

    // MARK: - What passes by

    /// Notes a message that is about to be sent to devices.
    func note(_ number: Int64, by sender: String, to devices: [String]) {
        state.withLock { state in
            for device in devices { state.messages[device, default: [:]][sender, default: []].append(number) }
        }
    }

    func messages(to device: String) -> [String: [Int64]] {
        state.withLock { $0.messages[device] ?? [:] }
    }

    func noteTyping(of user: UserID, in room: RoomID, _ typing: TypingUser?) {
        state.withLock { $0.typing[room, default: [:]][user] = typing }
    }

    /// Who types in a room, by what was asked for.
    func typing(in room: RoomID) -> [UserID: TypingUser] { state.withLock { $0.typing[room] ?? [:] } }

    /// A user's devices and their names: what a client learns when it asks for the user's keys.
    func devices(of user: UserID) throws -> String {
        try homeserver.accounts.devices(for: requester(user)).map { device in
            "\(device["device_id"]?.stringValue ?? "")=\(device["display_name"]?.stringValue ?? "")"
        }.sorted().joined(separator: ",")
    }
}

/// A client's view is not what is so.
struct SyncMismatch: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Throws unless the two are equal.
func expectSame<Value: Equatable>(_ told: Value, _ truth: Value, _ what: @autoclosure () -> String) throws {
    if told != truth { throw SyncMismatch("\(what()): the client has \(told), there is \(truth)") }
}

/// The entries of account data that a simulation sets; what was removed is told as an empty object.
extension [String: JSONValue] {
    var accountDataOfSimulation: [String: JSONValue] {
        filter { $0.key != AccountDataType.pushRules && $0.value != [:] }
    }
}

extension [(type: String, content: [UInt8])] {
    var accountDataOfSimulation: [String: JSONValue] {
        get throws { try reduce(into: [String: JSONValue]()) { $0[$1.type] = try $1.content.json() }.accountDataOfSimulation }
    }
}
