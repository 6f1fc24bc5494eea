import NIOCore
import NIOTLS

/// Waits behind the TLS handler until both sides have agreed. Whoever reads from the channel doesn't learn that they haven't.
final class TLSHandshake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let promise: EventLoopPromise<Void>

    private init(_ promise: EventLoopPromise<Void>) {
        self.promise = promise
    }

    /// Puts TLS before everything else that the channel does. It has to be called on the channel's event loop.
    ///
    /// - Returns: what succeeds when both sides have agreed; it fails when they don't, or the connection ends before.
    static func begin(on channel: any Channel, by makeHandler: () throws -> any ChannelHandler) -> EventLoopFuture<Void> {
        let promise = channel.eventLoop.makePromise(of: Void.self)
        do {
            try channel.pipeline.syncOperations.addHandlers(makeHandler(), TLSHandshake(promise), position: .first)
        } catch {
            // The connection may be closed by now.
            promise.fail(error)
        }
        return promise.futureResult
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { promise.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise.fail(ChannelError.eof)
    }
}
