import CanonicalJSON
import TestSupport
import Testing

/// A user's device that works against the server, one request after another, and remembers what it was answered.
///
/// It sends messages to the room and to a device with transaction IDs, and again, with the same ID, what had no answer or an error; it sets
/// state, account data, its display name, receipts, and makes rooms.
actor LoadClient {
    /// Something in the shared room that the server has acknowledged.
    struct Acknowledged: Sendable {
        let event: String
        /// What the event says.
        let text: String
    }

    private struct Message {
        let transaction: String
        let text: String
        let isToDevice: Bool
    }

    private enum Outcome {
        case answered(JSONValue)
        /// An error of the server's own (5xx) in the form that the specification wants.
        case refused
        case gone
    }

    private static let stateType = "org.example.counter"
    private static let dataType = "org.example.counter"
    private static let roomsMax = 5
    private static let unansweredMax = 4

    /// What all its texts begin with.
    let name: String
    private let room: String
    /// Whose device gets messages.
    private let recipient: MatrixTestClient
    private let paddingBytes: Int
    private var client: MatrixTestClient
    private var generator: SplitMix64
    private var count: Int64 = 0

    /// All that was acknowledged in the shared room, in order.
    private(set) var acknowledged: [Acknowledged] = []
    /// The texts of all messages to the device that were acknowledged.
    private(set) var acknowledgedToDevice: [String] = []
    /// How many requests were answered with an error of the server's own.
    private(set) var refusals = 0
    private var answeredMessages: [(message: Message, event: String)] = []
    private var unanswered: [Message] = []
    private var state = TriedValue()
    private var accountData = TriedValue()
    private var profile = TriedValue()
    /// By the values of its state events, up to which it has read the room.
    private var receipt = TriedValue()
    /// The values of its state events, and the last one of them: these come in the order in which they were sent, since none is sent again.
    private var stateEvents: [String: Int64] = [:]
    private var lastStateEvent: (event: String, value: Int64)?
    private var rooms: [String] = []
    private var syncToken: (token: String, accountData: Int64)?

    /// - Parameter paddingBytes: The size of each message, of what is set as account data, and of what is set as state.
    init(_ client: MatrixTestClient, in room: String, to recipient: MatrixTestClient, number: Int, paddingBytes: Int, seed: UInt64) {
        self.client = client
        self.room = room
        self.recipient = recipient
        self.name = "\(number):"
        self.paddingBytes = paddingBytes
        generator = SplitMix64(seed: seed &+ UInt64(number))
    }

    /// Goes on with another server that has everything.
    func move(to server: ServerProcess) {
        client = client.on(server)
    }

    /// Does one random thing after another until the server is gone, or `isOver` is true.
    func work(pause: Duration = .zero, until isOver: @Sendable () -> Bool = { false }) async {
        while !isOver(), !Task.isCancelled {
            guard await doSomething() else { return }
            if pause > .zero { try? await Task.sleep(for: pause) }
        }
    }

    /// Sends again whatever was not acknowledged, with the transaction IDs that it had.
    func repeatUnanswered() async {
        for message in unanswered { _ = await send(message) }
        #expect(unanswered.isEmpty, "client \(name) has no answer for \(unanswered.map(\.transaction))")
    }

    /// Checks that the values which it sets are those last acknowledged, or tried later; that its rooms are there, as a whole; and that its
    /// old sync token leads to its account data.
    func check() async throws {
        let stateRead = try await client.state(Self.stateType, name, in: room)?["count"]?.integerValue
        let isState = state.isRead(stateRead ?? 0)
        #expect(isState, "state of client \(name): \(stateRead ?? 0), not \(state)")
        let dataRead = try await client.get("user", client.userID, "account_data", Self.dataType).body["count"]?.integerValue
        let isData = accountData.isRead(dataRead ?? 0)
        #expect(isData, "account data of client \(name): \(dataRead ?? 0), not \(accountData)")
        let nameRead = try await client.get("profile", client.userID, "displayname").ok()["displayname"]?.stringValue
        let isName = profile.isRead(nameRead.flatMap { Int64($0) } ?? 0)
        #expect(isName, "display name of client \(name): \(nameRead ?? "none"), not \(profile)")

        try await checkReceipt()
        let joined = try #require(try await client.get("joined_rooms").ok()["joined_rooms"]?.strings)
        #expect(Set(joined).isSuperset(of: rooms + [room]))
        for room in joined { #expect(try await client.state("m.room.history_visibility", in: room) != nil, "\(room) is not complete") }

        let answer = try await client.sync(since: syncToken?.token, filter: ["room": ["timeline": ["limit": 1]]])
        let synced = answer.accountData.event(Self.dataType)?["content", "count"]?.integerValue
        if let known = syncToken?.accountData, known < accountData.known { #expect(synced == accountData.known, "account data over sync") }
        syncToken = (answer.nextBatch, accountData.known)
    }

    private func checkReceipt() async throws {
        let filter: JSONValue = ["room": ["rooms": [.string(room)], "timeline": ["limit": 1], "ephemeral": ["types": ["m.receipt"]]]]
        let receipts = try await client.sync(filter: filter).ephemeral(room)["m.receipt"]?.objectValue ?? [:]
        let read = receipts.compactMap { event, types in types["m.read", client.userID] == nil ? nil : event }
        #expect(read.count <= 1, "client \(name) has read up to \(read)")
        let isReceipt = receipt.isRead(read.first.flatMap { stateEvents[$0] } ?? 0)
        #expect(isReceipt, "client \(name) has read up to \(read), not \(receipt)")
    }

    private func doSomething() async -> Bool {
        if unanswered.count >= Self.unansweredMax { return await send(unanswered[0]) }
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<10: return if let message = unanswered.first { await send(message) } else { await sendAnsweredAgain() }
        case 10..<40: return await send(newMessage())
        case 40..<55: return await send(newMessage(toDevice: true))
        case 55..<70: return await setState()
        case 70..<85: return await setAccountData()
        case 85..<92: return await setDisplayName()
        case 92..<99: return await setReceipt()
        default: return await makeRoom()
        }
    }

    private func newMessage(toDevice isToDevice: Bool = false) -> Message {
        count += 1
        return Message(transaction: "transaction \(count)", text: "\(name)\(count)", isToDevice: isToDevice)
    }

    private var padding: JSONValue { .string(String(repeating: "x", count: paddingBytes)) }

    private func send(_ message: Message) async -> Bool {
        if !unanswered.contains(where: { $0.transaction == message.transaction }) { unanswered.append(message) }
        switch await put(message) {
        case .answered(let body):
            let event = body["event_id"]?.stringValue ?? ""
            unanswered.removeAll { $0.transaction == message.transaction }
            answeredMessages.append((message, event))
            if message.isToDevice {
                acknowledgedToDevice.append(message.text)
            } else {
                acknowledged.append(Acknowledged(event: event, text: message.text))
            }
            return true
        case .refused: return true
        case .gone: return false
        }
    }

    /// A client whose answer got lost on the way asks a second time, perhaps much later.
    private func sendAnsweredAgain() async -> Bool {
        guard let (message, event) = answeredMessages.randomElement(using: &generator) else { return true }
        switch await put(message) {
        case .answered(let body):
            #expect(
                body["event_id"]?.stringValue ?? "" == event, "\(message.transaction) of client \(name) was answered twice, differently")
            return true
        case .refused: return true
        case .gone: return false
        }
    }

    private func put(_ message: Message) async -> Outcome {
        let body: JSONValue = ["msgtype": "m.text", "body": .string(message.text), "padding": padding]
        if message.isToDevice {
            let messages: JSONValue = ["messages": .object([recipient.userID: .object([recipient.deviceID: body])])]
            return await outcome { [client] in
                try await client.put("sendToDevice", "org.example.text", message.transaction, body: messages)
            }
        }
        return await outcome { [client, room] in
            try await client.put("rooms", room, "send", "m.room.message", message.transaction, body: body)
        }
    }

    private func setState() async -> Bool {
        count += 1
        let value = count
        state.isTried(value)
        let content: JSONValue = ["count": .integer(value), "text": .string("\(name)\(value)"), "padding": padding]
        switch await outcome({ [client, room, name] in
            try await client.put("rooms", room, "state", Self.stateType, name, body: content)
        }) {
        case .answered(let body):
            state.isAnswered(value)
            let event = body["event_id"]?.stringValue ?? ""
            acknowledged.append(Acknowledged(event: event, text: "\(name)\(value)"))
            stateEvents[event] = value
            lastStateEvent = (event, value)
            return true
        case .refused: return true
        case .gone: return false
        }
    }

    private func setAccountData() async -> Bool {
        count += 1
        let value = count
        accountData.isTried(value)
        let content: JSONValue = ["count": .integer(value), "padding": padding]
        switch await outcome({ [client] in
            try await client.put("user", client.userID, "account_data", Self.dataType, body: content)
        }) {
        case .answered:
            accountData.isAnswered(value)
            return true
        case .refused: return true
        case .gone: return false
        }
    }

    private func setDisplayName() async -> Bool {
        count += 1
        let value = count
        profile.isTried(value)
        switch await outcome({ [client] in
            try await client.put("profile", client.userID, "displayname", body: ["displayname": .string("\(value)")])
        }) {
        case .answered:
            profile.isAnswered(value)
            return true
        case .refused: return true
        case .gone: return false
        }
    }

    private func setReceipt() async -> Bool {
        guard let (event, value) = lastStateEvent, value != receipt.known else { return true }
        receipt.isTried(value)
        switch await outcome({ [client, room] in try await client.post("rooms", room, "receipt", "m.read", event) }) {
        case .answered:
            receipt.isAnswered(value)
            return true
        case .refused: return true
        case .gone: return false
        }
    }

    private func makeRoom() async -> Bool {
        guard rooms.count < Self.roomsMax else { return true }
        switch await outcome({ [client] in try await client.post("createRoom") }) {
        case .answered(let body):
            rooms.append(body["room_id"]?.stringValue ?? "")
            return true
        case .refused: return true
        case .gone: return false
        }
    }

    private func outcome(_ request: () async throws -> Response) async -> Outcome {
        guard let response = try? await request() else { return .gone }
        if response.status == 200 { return .answered(response.body) }
        let error = response.body
        #expect(
            (500..<600).contains(response.status) && error["errcode"]?.stringValue?.hasPrefix("M_") == true
                && error["error"]?.stringValue?.isEmpty == false,
            "\(response.request): \(response.status) \(String(decoding: response.bytes.prefix(500), as: UTF8.self))")
        refusals += 1
        return .refused
    }
}

extension SplitMix64 {
    /// A time in milliseconds between two others.
    mutating func milliseconds(_ range: ClosedRange<Int>) -> Duration {
        .milliseconds(Int.random(in: range, using: &self))
    }
}
