import NIOCore
import NIOPosix

/// Connections to one stream, of which one pushes at a steady rate, and all count what they hear.
struct StreamLoad: Sendable {
    let host: String
    let port: Int
    /// Path and query of the WebSocket.
    let path: String
    let connections: Int
    let pushesPerSecond: Int
    let pushes: Int
    /// The message that pushes; what everybody then hears has `"seq":` and the number, counted from 1.
    let message: @Sendable (_ number: Int) -> String

    struct Outcome: Sendable {
        /// From the push until a connection has it, each delivery.
        var tally = Tally()
        var deliveries = 0
    }

    /// How long after the last push deliveries are waited for.
    private static let patience = TimeAmount.seconds(30)

    /// Connects, and calls `measured` with what pushes and waits for all deliveries.
    func run<Result: Sendable>(
        on eventLoop: any EventLoop, _ measured: (@Sendable () async throws -> Outcome) async throws -> Result
    ) async throws -> Result {
        let counting = NIOLoopBoundBox.makeBoxSendingValue(Counting(), eventLoop: eventLoop)
        var channels: [any Channel] = []
        for _ in 0..<connections { channels.append(try await connect(on: eventLoop, counting)) }
        guard let pusher = channels.first else { throw RequestFailure("there are no connections") }
        let result = try await measured {
            try await push(by: pusher, counting)
            return try await outcome(on: eventLoop, counting)
        }
        for channel in channels { try await channel.close() }
        return result
    }

    private func connect(on eventLoop: any EventLoop, _ counting: NIOLoopBoundBox<Counting>) async throws -> any Channel {
        let opened = eventLoop.makePromise(of: Void.self)
        let request = """
            GET \(path) HTTP/1.1\r
            Host: \(host):\(port)\r
            Connection: Upgrade\r
            Upgrade: websocket\r
            Sec-WebSocket-Version: 13\r
            Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r
            \r

            """
        let channel = try await ClientBootstrap(group: eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Hearer(opened: opened, counting: counting))
                }
            }
            .connect(host: host, port: port).get()
        try await channel.writeAndFlush(ByteBuffer(string: request))
        try await opened.futureResult.get()
        return channel
    }

    /// Pushes at the rate; returns when the last push is written.
    private func push(by channel: any Channel, _ counting: NIOLoopBoundBox<Counting>) async throws {
        let done = channel.eventLoop.makePromise(of: Void.self)
        let interval = TimeAmount.nanoseconds(1_000_000_000 / Int64(pushesPerSecond))
        channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: interval) { task in
            // Who is late catches up.
            let due = counting.value.due(interval: interval)
            while counting.value.pushedAt.count < min(due, pushes) {
                counting.value.pushedAt.append(.now())
                channel.write(ClientFrame.text(message(counting.value.pushedAt.count)), promise: nil)
            }
            channel.flush()
            guard counting.value.pushedAt.count == pushes else { return }
            task.cancel()
            done.succeed()
        }
        try await done.futureResult.get()
    }

    private func outcome(on eventLoop: any EventLoop, _ counting: NIOLoopBoundBox<Counting>) async throws -> Outcome {
        let end = NIODeadline.now() + Self.patience
        while true {
            let outcome = try await eventLoop.submit { counting.value.outcome }.get()
            if outcome.deliveries >= connections * pushes || NIODeadline.now() > end {
                var outcome = outcome
                for _ in outcome.deliveries..<max(outcome.deliveries, connections * pushes) {
                    outcome.tally.record(RequestFailure("not delivered"))
                }
                return outcome
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// What was pushed and heard; used on one event loop.
private struct Counting: Sendable {
    /// When each push was written.
    var pushedAt: [NIODeadline] = []
    var outcome = StreamLoad.Outcome()

    /// How many pushes are due by now.
    func due(interval: TimeAmount) -> Int {
        guard let first = pushedAt.first else { return 1 }
        return 1 + Int((NIODeadline.now() - first).nanoseconds / interval.nanoseconds)
    }

    mutating func hear(_ number: Int?, after last: Int) {
        guard let number, pushedAt.indices.contains(number - 1), number == last + 1 else {
            return outcome.tally.record(RequestFailure("heard out of order"))
        }
        outcome.deliveries += 1
        outcome.tally.record(.now() - pushedAt[number - 1])
    }
}

/// One end of a WebSocket that only hears: reads the server's frames, which are small and whole.
private final class Hearer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let opened: EventLoopPromise<Void>
    private let counting: NIOLoopBoundBox<Counting>
    private var received = ByteBuffer()
    private var isOpen = false
    private var last = 0

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let pushBeginning = Array(#"{"type":"push""#.utf8)

    init(opened: EventLoopPromise<Void>, counting: NIOLoopBoundBox<Counting>) {
        self.opened = opened
        self.counting = counting
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var buffer = unwrapInboundIn(data)
        received.writeBuffer(&buffer)
        if !isOpen { open() }
        while isOpen, let message = readMessage() { hear(message) }
        received.discardReadBytes()
    }

    func channelInactive(context: ChannelHandlerContext) {
        opened.fail(RequestFailure("the connection was closed"))
    }

    private func open() {
        let bytes = received.readableBytesView
        guard let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<$0 + 4].elementsEqual(Self.headEnd) }) else { return }
        let head = received.readString(length: end + 4 - received.readerIndex) ?? ""
        isOpen = head.hasPrefix("HTTP/1.1 101")
        if isOpen { opened.succeed() } else { opened.fail(RequestFailure("no WebSocket: \(head.prefix { $0 != "\r\n" })")) }
    }

    /// The next text message; other frames are read over.
    private func readMessage() -> ByteBufferView? {
        while let head: UInt16 = received.getInteger(at: received.readerIndex) {
            var (length, start) = (Int(head & 0x7f), 2)
            if length == 126 {
                guard let longer: UInt16 = received.getInteger(at: received.readerIndex + 2) else { return nil }
                (length, start) = (Int(longer), 4)
            }
            guard received.readableBytes >= start + length else { return nil }
            received.moveReaderIndex(forwardBy: start)
            let payload = received.readSlice(length: length)
            if head >> 8 & 0x0f == 1, let payload { return payload.readableBytesView }
        }
        return nil
    }

    private func hear(_ message: ByteBufferView) {
        guard message.starts(with: Self.pushBeginning) else { return }
        // The number stands at the end: "seq":123}
        let digits = message.dropLast().reversed().prefix { $0 >= 0x30 && $0 <= 0x39 }
        let number = Int(String(decoding: digits.reversed(), as: UTF8.self))
        counting.value.hear(number, after: last)
        if let number { last = number }
    }
}

/// Frames as a client sends them, masked with zeros (RFC 6455, section 5.3).
private enum ClientFrame {
    static func text(_ message: String) -> ByteBuffer {
        var frame = ByteBuffer()
        frame.writeInteger(UInt8(0x81))
        if message.utf8.count < 126 {
            frame.writeInteger(0x80 | UInt8(message.utf8.count))
        } else {
            frame.writeInteger(UInt8(0x80 | 126))
            frame.writeInteger(UInt16(message.utf8.count))
        }
        frame.writeInteger(UInt32(0))
        frame.writeString(message)
        return frame
    }
}
