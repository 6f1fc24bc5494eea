import AccountsDatabase
import CanonicalJSON
import MatrixProtocol
import Store

/// Stages that a user completes on a page of the server instead of in the client ("Fallback").
extension Accounts {
    /// What the page of a stage has to show.
    package enum FallbackPage: Sendable, Equatable {
        case dummy
        case registrationToken
        case terms([RegistrationTerms])
        /// The stage is completed; nothing is left to do here.
        case done
    }

    /// The page for a stage of a registration's session.
    ///
    /// - Throws: `M_UNRECOGNIZED` for a stage that has no page, `M_UNKNOWN` for an unknown session.
    package func fallbackPage(of stage: String, session id: String) throws -> FallbackPage {
        let page = try fallbackPage(of: stage)
        return try registrationSession(id).session.completed.contains(stage) ? .done : page
    }

    /// Completes a stage with what its page has sent.
    ///
    /// - Throws: as `fallbackPage` does; `M_UNAUTHORIZED` for a wrong registration token, `M_MISSING_PARAM`.
    package func completeOnPage(_ stage: String, session id: String, _ form: JSONObject, from address: String? = nil) async throws {
        _ = try fallbackPage(of: stage)
        var (key, session) = try registrationSession(id)
        guard !session.completed.contains(stage) else { return }
        try InteractiveAuthentication.checkOrder(of: stage, after: session.completed, in: registrationFlows)
        try await checkRegistrationStage(stage, form, from: address)
        session.completed.append(stage)
        do {
            _ = try await database.keepInteractiveAuthSession(session, key, isNew: false)
        } catch AccountsConflict.sessionChanged {
            throw Self.sessionUsed
        }
    }

    private func fallbackPage(of stage: String) throws -> FallbackPage {
        switch stage {
        case Stage.dummy: .dummy
        case Stage.registrationToken where settings.requiresToken: .registrationToken
        case Stage.terms where !settings.terms.isEmpty: .terms(settings.terms)
        default: throw MatrixError(.unrecognized, "There is no page for this stage")
        }
    }

    private func registrationSession(_ id: String) throws -> (key: InteractiveAuthSession.Key, session: InteractiveAuthSession) {
        let key = InteractiveAuthSession.Key(nil, nil, id)
        guard let session = try database.view().interactiveAuthSession(key), session.expiresAt > environment.clock.now(),
            session.operation == Self.registration
        else { throw MatrixError(.unknown, "Unknown session", status: 400) }
        return (key, session)
    }
}
