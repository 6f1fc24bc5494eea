import NIOCore
import NIOHTTP1
import NIOPosix

/// Kept connections to servers, as many as there are requests at once, all on one event loop.
///
/// What is measured has a client's own work in it, so that is little: each request goes out in one piece, as most clients send it, and no step of
/// it needs another thread.
final class Connections: Sendable {
    let eventLoop: any EventLoop
    private let idle: NIOLoopBoundBox<[ServerAddress: [any Channel]]>

    private static let connectTimeout: TimeAmount = .seconds(10)

    init() {
        eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        idle = .makeBoxSendingValue([:], eventLoop: eventLoop)
    }

    /// Sends a request on a connection of its own and receives the answer. It has to be called on the event loop.
    ///
    /// - Throws: `ConnectionError`, `IOError`.
    func exchange(_ request: HTTPRequestHead, _ body: ByteBuffer?, with server: ServerAddress) async throws -> HTTPAnswer {
        let channel = try await connection(to: server)
        let promise = eventLoop.makePromise(of: HTTPAnswer.self)
        channel.writeAndFlush(PendingExchange(request: request, body: body, promise: promise), promise: nil)
        let answer = try await withTaskCancellationHandler {
            try await promise.futureResult.get()
        } onCancel: {
            channel.close(promise: nil)
        }
        if answer.head.isKeepAlive { idle.value[server, default: []].append(channel) } else { channel.close(promise: nil) }
        return answer
    }

    /// Closes all connections.
    func close() {
        for channel in idle.value.values.joined() { channel.close(promise: nil) }
        idle.value = [:]
    }

    private func connection(to server: ServerAddress) async throws -> any Channel {
        // A server closes connections that have been idle for long.
        while let channel = idle.value[server]?.popLast() {
            if channel.isActive { return channel }
        }
        return try await ClientBootstrap(group: eventLoop)
            .connectTimeout(Self.connectTimeout)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(ExchangeHandler())
                }
            }
            .connect(host: server.host, port: server.port).get()
    }
}

/// A whole answer.
struct HTTPAnswer: Sendable {
    let head: HTTPResponseHead
    let body: ByteBuffer
    /// When the request was handed to the system, and when the answer's last byte was read.
    let times: (sent: NIODeadline, arrived: NIODeadline)

    /// A larger one is a failure.
    static let sizeMaxBytes = 1 << 30
}

/// Why there is no answer.
enum ConnectionError: Error {
    case connectionClosed
    case timeLimit
    case answerTooLarge
}

/// A request, and who waits for its answer.
private struct PendingExchange: Sendable {
    let request: HTTPRequestHead
    let body: ByteBuffer?
    let promise: EventLoopPromise<HTTPAnswer>
}

/// Sends one request after the other, and collects their answers.
private final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = PendingExchange
    typealias OutboundOut = HTTPClientRequestPart

    private var pending: EventLoopPromise<HTTPAnswer>?
    private var sent = NIODeadline.now()
    private var timeLimit: Scheduled<Void>?
    private var head: HTTPResponseHead?
    private var body = ByteBuffer()

    /// A request that is not answered by then has failed. Longer than a long poll.
    private static let answerTimeMax: TimeAmount = .seconds(120)

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let exchange = unwrapOutboundIn(data)
        guard context.channel.isActive else { return exchange.promise.fail(ConnectionError.connectionClosed) }
        pending = exchange.promise
        context.write(wrapOutboundOut(.head(exchange.request)), promise: nil)
        if let body = exchange.body { context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
        timeLimit = context.eventLoop.assumeIsolated().scheduleTask(in: Self.answerTimeMax) { self.fail(.timeLimit, context) }
    }

    func flush(context: ChannelHandlerContext) {
        sent = .now()
        context.flush()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
        case .body(var part):
            body.writeBuffer(&part)
            if body.readableBytes > HTTPAnswer.sizeMaxBytes { fail(.answerTooLarge, context) }
        case .end:
            guard let head else { return }
            let answer = HTTPAnswer(head: head, body: body, times: (sent, .now()))
            body = ByteBuffer()
            finish(.success(answer))
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(.failure(ConnectionError.connectionClosed))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        finish(.failure(error))
        context.close(promise: nil)
    }

    private func fail(_ error: ConnectionError, _ context: ChannelHandlerContext) {
        finish(.failure(error))
        context.close(promise: nil)
    }

    private func finish(_ result: Result<HTTPAnswer, any Error>) {
        timeLimit?.cancel()
        timeLimit = nil
        pending?.completeWith(result)
        pending = nil
    }
}
