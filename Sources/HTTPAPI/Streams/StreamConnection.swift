import Homeserver
import NIOCore
import Store
import Synchronization
import TransitoryDatabase

/// A program's connection to a stream.
///
/// - What it sends is carried out in its order; pushes that have come together are one commit.
/// - It is read from no faster than that can be done, and not at all while it doesn't read what it is sent.
/// - Whoever sends too often, or reads too slowly, is disconnected.
final class StreamConnection: Sendable {
    /// How a program wants to listen.
    struct Options: Sendable {
        var format = StreamFormat.json
        /// Whether it sees each changed key's stream whole instead of messages that are kept.
        var isDebugging = false
        /// Whether it hears only of keys that it has asked for.
        var wantsAskedKeysOnly = false
    }

    let eventLoop: any EventLoop
    private let options: Options
    private let room: StreamRoom
    private let audience: StreamAudience
    private let handler: NIOLoopBound<WebSocketHandler>
    private let connections: StreamConnections
    /// Whom the connection is counted for.
    private let client: String
    private let requests = Mutex(StreamRequestQueue())
    private let listening: NIOLoopBoundBox<Listening>

    /// What is used on the event loop only.
    private struct Listening {
        /// The keys that were asked for, if others aren't wanted.
        var askedKeys: Set<String>?
        /// How much more than usual may wait for the program to read, since it has asked for it.
        var askedBytes = 0
    }

    var format: StreamFormat { options.format }

    /// So many bytes of broadcasts may wait for a program to read.
    private static let waitingMaxBytes = 4 << 20

    /// On the connection's event loop.
    init(
        _ handler: WebSocketHandler, on eventLoop: any EventLoop, options: Options, room: StreamRoom, audience: StreamAudience,
        connections: StreamConnections, client: String
    ) {
        self.eventLoop = eventLoop
        self.options = options
        self.room = room
        self.audience = audience
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
        self.connections = connections
        self.client = client
        listening = NIOLoopBoundBox(Listening(askedKeys: options.wantsAskedKeysOnly ? [] : nil), eventLoop: eventLoop)
    }

    /// Begins to listen, and to carry out what is sent; on the event loop.
    func begin() {
        let handler = handler.value
        handler.onMessage = { [self] bytes, isText in receive(.message(bytes, isText: isText)) }
        handler.onWritable = { [self] in goOn() }
        handler.onClose = { [self] in end() }
        connections.join(client)
        guard audience.join(self) else { return close(.serviceRestart, "The stream has to be read anew") }
        if options.isDebugging { showEverything() }
    }

    /// Closes the connection; on the event loop.
    func close(_ code: WebSocketCloseCode, _ reason: String) {
        handler.value.close(code, reason)
    }

    private func end() {
        audience.leave(self)
        connections.leave(client)
        giveBack()
        requests.withLock { $0.close() }
    }

    // MARK: - News

    /// Sends broadcasts; on the event loop.
    func tell(_ broadcasts: [StreamBroadcast]) {
        let handler = handler.value
        guard handler.waitingBytes <= Self.waitingMaxBytes + listening.value.askedBytes else { return handler.abort() }
        for broadcast in broadcasts {
            if let asked = listening.value.askedKeys, !asked.contains(broadcast.news.key) { continue }
            if options.isDebugging, broadcast.news.isKept {
                receive(.show(key: broadcast.news.key))
            } else if let frame = broadcast.frame(in: format) {
                handler.write(frame)
            }
        }
        handler.flush()
    }

    // MARK: - Requests

    /// Takes what was sent; on the event loop.
    private func receive(_ request: StreamRequestQueue.Request) {
        let time = connections.limitsRates ? connections.clock.now() : nil
        switch requests.withLock({ $0.add(request, at: time) }) {
        case .waits: break
        case .begins: work()
        case .isTooMuch(let begins):
            handler.value.pause()
            if begins { work() }
        case .isTooOften:
            send([.error("Too many messages")])
            close(.policyViolation, "Too many messages")
        }
    }

    /// Goes on when the program reads again; on the event loop.
    private func goOn() {
        giveBack()
        if requests.withLock({ $0.hold(false) }) { work() }
    }

    private func work() {
        let isStarted = connections.tasks.start { [self] in
            while let next = requests.withLock({ $0.takeNext() }) {
                do {
                    let done = try await carryOut(next)
                    requests.withLock { $0.putBack(next.dropFirst(done)) }
                } catch {
                    eventLoop.execute { self.close(.serverError, "The server can't do this at the moment") }
                }
                // What was written for the program is on its way by then, or waits for it to read.
                try? await eventLoop.submit { self.readOn() }.get()
            }
        }
        if !isStarted { close(.goingAway, "The server is stopping") }
    }

    /// Reads more from the program if what it has sent is mostly done, and does more if it reads itself.
    private func readOn() {
        let handler = handler.value
        let (isTooMuch, begins) = requests.withLock { requests in
            let begins = requests.hold(!handler.isWritable)
            return (requests.isTooMuch, begins)
        }
        if !isTooMuch { handler.resume() }
        if begins { work() }
    }

    /// Carries requests out, up to the first one whose answer may be long.
    ///
    /// - Returns: how many.
    private func carryOut(_ batch: [StreamRequestQueue.Request]) async throws -> Int {
        var pushes: [StreamRequest] = []
        for (index, request) in batch.enumerated() {
            switch request {
            case .show(let key):
                try await carryOut(&pushes)
                try await show(key, after: 0, asAsked: false)
                return index + 1
            case .message(let bytes, let isText):
                switch parse(bytes, isText: isText) {
                case .success(let push) where push.isPush:
                    pushes.append(push)
                case .success(.get(let key, let sequence)):
                    try await carryOut(&pushes)
                    if let sequence {
                        try await show(key, after: sequence, asAsked: true)
                    } else {
                        eventLoop.execute { self.ask(for: key) }
                    }
                    return index + 1
                case .success(let other):
                    try await carryOut(&pushes)
                    if let reply = try await room.answer(other, format) { self.reply([reply]) }
                case .failure(let error):
                    try await carryOut(&pushes)
                    reply([.error(error.description)])
                }
            }
        }
        try await carryOut(&pushes)
        return batch.count
    }

    private func carryOut(_ pushes: inout [StreamRequest]) async throws {
        guard !pushes.isEmpty else { return }
        let replies = try await room.push(pushes, format).compactMap(\.self)
        pushes = []
        reply(replies)
    }

    private func parse(_ bytes: [UInt8], isText: Bool) -> Result<StreamRequest, StreamRequestError> {
        guard isText == (format == .json) else {
            let message = isText ? "This connection takes CBOR, in binary frames" : "This connection takes JSON, in text frames"
            return .failure(.unreadable("\(message) (?cbor=true decides)"))
        }
        do throws(StreamRequestError) {
            return .success(try StreamRequest(parsing: bytes[...], format))
        } catch {
            return .failure(error)
        }
    }

    private func ask(for key: String) {
        listening.value.askedKeys?.insert(key)
    }

    private func showEverything() {
        connections.tasks.start { [self] in
            for key in (try? room.keys()) ?? [] { try? await show(key, after: 0, asAsked: false) }
        }
    }

    /// Sends what a key has, at its place among the broadcasts.
    ///
    /// - Parameter isAsked: whether the program hears of the key from here on.
    private func show(_ key: String, after sequence: UInt64, asAsked isAsked: Bool) async throws {
        guard connections.hasRoom else {
            return eventLoop.execute { self.close(.tryAgainLater, "Too much waits for programs to read it") }
        }
        // It may read and write megabytes.
        try await withTaskExecutorPreference(connections.longExecutor) {
            try audience.replay(key, after: sequence) { messages in
                frame(.initial(key: key, messages))
            } deliver: { frame in
                connections.take(frame?.readableBytes ?? 0)
                eventLoop.execute { [self] in
                    if isAsked { ask(for: key) }
                    guard let frame else { return }
                    listening.value.askedBytes += frame.readableBytes
                    write([frame])
                }
            }
        }
    }

    // MARK: - Replies

    private func reply(_ replies: [StreamReply]) {
        let frames = replies.compactMap(frame)
        guard !frames.isEmpty else { return }
        eventLoop.execute { self.write(frames) }
    }

    /// Sends replies at once; on the event loop.
    private func send(_ replies: [StreamReply]) {
        write(replies.compactMap(frame))
    }

    private func write(_ frames: [ByteBuffer]) {
        let handler = handler.value
        for frame in frames { handler.write(frame) }
        handler.flush()
        if handler.isWritable { giveBack() }
    }

    /// The program has read what it has asked for.
    private func giveBack() {
        connections.giveBack(listening.value.askedBytes)
        listening.value.askedBytes = 0
    }

    private func frame(_ reply: StreamReply) -> ByteBuffer? {
        (try? reply.encoded(in: format)).map { WebSocketFrames.frame(format.opcode, $0) }
    }
}
