import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import ServiceLifecycle

/// Watches over one connection from within its pipeline, between the parser of HTTP and the requests' handlers.
///
/// - It closes the connection when a request sends a larger body than the server ever reads.
/// - It closes the connection when the client reads nothing of an answer for too long.
/// - It tells a waiting long poll when the client hangs up. Clients that close their side of the connection only are taken to have hung up.
///
/// It is used on the connection's event loop only.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private var receivedBodyBytes = 0
    private var hasHungUp = false
    private var onHangUp: (@Sendable () -> Void)?
    /// Looks whether the client reads what waits for it.
    private var reading: RepeatedTask?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            receivedBodyBytes = 0
        case .body(let buffer):
            receivedBodyBytes += buffer.readableBytes
            if receivedBodyBytes > Limits.receivedBodySizeMaxBytes { return context.close(promise: nil) }
        case .end:
            break
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { hangUp() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            stopWatchingReading()
        } else if reading == nil {
            watchReading(by: context.channel)
        }
        context.fireChannelWritabilityChanged()
    }

    func channelInactive(context: ChannelHandlerContext) {
        hangUp()
        stopWatchingReading()
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stopWatchingReading()
    }

    /// The timeout for silent connections doesn't count while an answer is under way, however long that takes.
    private func watchReading(by channel: any Channel) {
        @Sendable func unread(_ channel: any Channel) -> Int { (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0 }
        let before = NIOLoopBoundBox(unread(channel), eventLoop: channel.eventLoop)
        let interval = TimeAmount.seconds(Limits.idleConnectionMaxSeconds)
        reading = channel.eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
            let now = unread(channel)
            // More may have been written, of which nothing was read either.
            if now >= before.value { channel.close(promise: nil) }
            before.value = now
        }
    }

    private func stopWatchingReading() {
        reading?.cancel()
        reading = nil
    }

    private func hangUp() {
        hasHungUp = true
        onHangUp?()
        onHangUp = nil
    }

    /// Runs a long poll, and cancels it as soon as the client hangs up or the server begins to stop. A cancelled poll can still answer.
    static func poll(
        _ channel: any Channel, on executor: (any TaskExecutor)?, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let poll = Task(executorPreference: executor, operation: operation)
        watch(channel) { poll.cancel() }
        defer { watch(channel, onHangUp: nil) }
        return try await withTaskCancellationOrGracefulShutdownHandler {
            try await poll.value
        } onCancelOrGracefulShutdown: {
            poll.cancel()
        }
    }

    private static func watch(_ channel: any Channel, onHangUp: (@Sendable () -> Void)?) {
        channel.eventLoop.execute {
            guard let guarding = try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self) else { return }
            if guarding.hasHungUp { onHangUp?() } else { guarding.onHangUp = onHangUp }
        }
    }
}
