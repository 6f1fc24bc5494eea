/// Requests that the server makes to others because one of its users asks for something.
package protocol OutgoingHTTP: Sendable {
    /// Makes a request and reads the answer, whatever its status. Redirections are not followed.
    ///
    /// - Throws: ``OutgoingHTTPError``.
    func answer(to request: OutgoingRequest) async throws -> OutgoingAnswer

    /// Whether requests may go to a URL that begins with `http://`: only to addresses of the administrator's own network.
    func allowsPlainHTTP(to url: String) async -> Bool
}

extension OutgoingHTTP {
    /// There is no such address.
    package func allowsPlainHTTP(to url: String) async -> Bool { false }
}

/// A request to another server.
package struct OutgoingRequest: Sendable, Hashable {
    /// The whole URL, which begins with `https://`, or where that is allowed with `http://`.
    package let url: String
    /// Goes with it as a bearer token.
    package let accessToken: String?
    /// JSON that is posted; nil makes the request a `GET`.
    package let body: [UInt8]?

    package init(url: String, accessToken: String? = nil, body: [UInt8]? = nil) {
        self.url = url
        self.accessToken = accessToken
        self.body = body
    }
}

/// What another server answers.
package struct OutgoingAnswer: Sendable, Hashable {
    /// The HTTP status code.
    package let status: Int
    package let body: [UInt8]

    package init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// Why a request came to nothing.
package enum OutgoingHTTPError: Error, Equatable {
    /// The URL leads to where the server makes no requests.
    case notAllowed
    /// The other server can't be reached, doesn't answer in time, or answers too much.
    case failed(String)
}

/// Where no requests are made.
package struct NoOutgoingHTTP: OutgoingHTTP {
    package init() {}

    package func answer(to request: OutgoingRequest) async throws -> OutgoingAnswer { throw OutgoingHTTPError.notAllowed }
}
